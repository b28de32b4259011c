import type { MigrationInterface, QueryRunner } from 'typeorm';

const FINISHED_ERASURES = `
alter table erasure alter column bucket drop not null;
update erasure set bucket = null, key_version = null where state = 'complete';
alter table erasure add constraint erasure_complete_has_no_bucket
  check ((state = 'complete') = (bucket is null) and (state <> 'complete' or key_version is null));
`;

/** The bucket of a person follows from their page-scoped id: a finished erasure keeps nothing by which somebody could be tried. */
export class FinishedErasures1765800000000 implements MigrationInterface {
  name = 'FinishedErasures1765800000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(FINISHED_ERASURES);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
}
