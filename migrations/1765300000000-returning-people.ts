import type { MigrationInterface, QueryRunner } from 'typeorm';

const RETURNING = `
create table closed_page (
  id uuid constraint closed_page_pkey primary key,
  page_mac bytea not null constraint closed_page_mac_key unique,
  account_erasure_id bigint not null constraint closed_page_erasure_fkey references account_erasure (id) on delete cascade,
  closed_at timestamptz not null
);
alter table ledger_leaf
  add column closed_page uuid constraint ledger_leaf_closed_page_fkey references closed_page (id) on delete set null,
  add constraint ledger_leaf_closed_has_page check (closed_page is null or state = 'closed');
create index ledger_leaf_closed_page_idx on ledger_leaf (closed_page) where closed_page is not null;
alter table lead add column returned_at timestamptz;
create table returned_notice (
  page_id bigint not null constraint returned_notice_page_fkey references page (id) on delete cascade,
  sha256 bytea not null,
  body text not null,
  constraint returned_notice_pkey primary key (page_id, sha256)
);
create table backup_import (
  account_id bigint constraint backup_import_pkey primary key
    constraint backup_import_account_fkey references account (id) on delete cascade,
  public_id uuid not null constraint backup_import_public_id_key unique,
  state text not null constraint backup_import_state_check check (state in ('running', 'done', 'failed')),
  in_archive integer not null,
  counts jsonb not null,
  started_at timestamptz not null,
  updated_at timestamptz not null
);
`;

/**
 * People of a deleted account who may come back from its archive: their Page by a keyed hash, the last leaf of each of them, what they
 * bring along, and how far an import is.
 */
export class ReturningPeople1765300000000 implements MigrationInterface {
  name = 'ReturningPeople1765300000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(RETURNING);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
}
