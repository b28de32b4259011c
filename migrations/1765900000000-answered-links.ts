import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Deletions that were said yes to before have no hash any more, and answer their link as before. */
const ANSWERED_LINKS = `
alter table account_erasure
  drop constraint account_erasure_asked_has_token,
  add constraint account_erasure_asked_has_token check (state <> 'asked' or token_sha256 is not null);
`;

/** The hash of a mailed link stays behind the yes: whose connection broke in that moment finds the page of the deletion by it. */
export class AnsweredLinks1765900000000 implements MigrationInterface {
  name = 'AnsweredLinks1765900000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(ANSWERED_LINKS);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
}
