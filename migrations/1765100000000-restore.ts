import type { MigrationInterface, QueryRunner } from 'typeorm';

const RESTORE = `
alter table installation add column restoring_at timestamptz, add column restored_at timestamptz,
  add column events_lost_until timestamptz;
`;

/** A database that was set back: that its erasures are being applied again, when they were, and until when events were lost. */
export class Restore1765100000000 implements MigrationInterface {
  name = 'Restore1765100000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(RESTORE);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
}
