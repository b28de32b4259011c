import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Not checked of what lies here: no release closed a leaf before this one, but a copy from between two releases may have. */
const CLOSED_LEAVES = `
alter table ledger_leaf
  add column closed_mac bytea,
  add column chain_end_mac bytea,
  add constraint ledger_leaf_closed_has_mac check ((state = 'open') = (closed_mac is null)) not valid,
  add constraint ledger_leaf_end_is_closed check (chain_end_mac is null or state = 'closed'),
  drop column closed_page;
`;

/** A closed leaf shows who closed it and as what, and the end of a chain what it ended with: whoever only writes to the database can say neither. */
export class ClosedLeaves1765600000000 implements MigrationInterface {
  name = 'ClosedLeaves1765600000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(CLOSED_LEAVES);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
}
