import type { MigrationInterface, QueryRunner } from 'typeorm';

const OPENING_OWNERS = `
alter table ledger_opening add column owner_mac bytea;
create index ledger_opening_unowned_idx on ledger_opening (entry_id) where owner_mac is null;
`;

/** Shows whose entry an opening is. Those of earlier releases get theirs at the next start, from the keys that open them. */
export class OpeningOwners1765700000000 implements MigrationInterface {
  name = 'OpeningOwners1765700000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(OPENING_OWNERS);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
}
