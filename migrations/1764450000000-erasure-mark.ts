import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whether a person who is erased wished that a sealed mark stays, by which they are never written to again. */
export class ErasureMark1764450000000 implements MigrationInterface {
  name = 'ErasureMark1764450000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('alter table erasure add column keeps_mark boolean not null default false');
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
}
