import type { MigrationInterface, QueryRunner } from 'typeorm';

const ACCOUNT_KEYS = `
alter table account alter column dek_wrapped drop not null;
alter table account_erasure add column account_uuid uuid;
`;

/** Keys of accounts lie in the key ring; at the next start those in the database are moved there. */
export class AccountKeys1765150000000 implements MigrationInterface {
  name = 'AccountKeys1765150000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(ACCOUNT_KEYS);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
}
