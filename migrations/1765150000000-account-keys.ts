import type { MigrationInterface, QueryRunner } from 'typeorm';

const ACCOUNT_KEYS = `
alter table account alter column dek_wrapped drop not null;
alter table account_erasure add column account_uuid uuid, add column keys_destroyed_at timestamptz;
alter table page add column is_ending boolean not null default false;
`;

/** Keys of accounts lie in the key ring, where the next start moves them; of an account that is deleted, keys go before rows. */
export class AccountKeys1765150000000 implements MigrationInterface {
  name = 'AccountKeys1765150000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(ACCOUNT_KEYS);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
}
