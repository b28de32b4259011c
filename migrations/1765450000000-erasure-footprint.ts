import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was found of a person after their rows and keys were gone, as their certificate says it. Names nobody. */
export class ErasureFootprint1765450000000 implements MigrationInterface {
  name = 'ErasureFootprint1765450000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('alter table erasure add column footprint text');
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
}
