import type { MigrationInterface, QueryRunner } from 'typeorm';

const LETTER_KEYS = `
alter table mail add column key_name uuid,
  add constraint mail_key_name_check check (key_name is null or content_ct is not null);
alter table account_erasure add column letter_key uuid,
  add constraint account_erasure_letter_key_check check (letter_key is null or letter_ct is not null);
`;

/** Names the key in the key ring that a mail, or a letter, is sealed under. Without one it is the key of its day, as before. */
export class LetterKeys1765500000000 implements MigrationInterface {
  name = 'LetterKeys1765500000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(LETTER_KEYS);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
}
