import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is kept long enough goes: receipts become counts, and people may be erased by age. */
export class Retention1764800000000 implements MigrationInterface {
  name = 'Retention1764800000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      alter table broadcast_page
        add column delivered_kept integer not null default 0,
        add column read_kept integer not null default 0`);
    await queryRunner.query('alter table broadcast add column receipts_counted_at timestamptz');
    await queryRunner.query(`
      alter table erasure
        drop constraint erasure_origin_check,
        add constraint erasure_origin_check check (origin in ('api', 'chat', 'retention'))`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
}
