import type { MigrationInterface, QueryRunner } from 'typeorm';

const LOG = `
create table ledger_leaf (
  leaf_index bigint constraint ledger_leaf_pkey primary key,
  entry_id uuid constraint ledger_leaf_entry_key unique,
  state text not null default 'open' constraint ledger_leaf_state_check check (state in ('open', 'erased', 'closed', 'lost')),
  constraint ledger_leaf_open_has_entry check ((state = 'open') = (entry_id is not null))
);
create table ledger_tile (
  level smallint not null,
  n bigint not null,
  hashes bytea not null,
  constraint ledger_tile_pkey primary key (level, n)
);
create table ledger_checkpoint (
  size bigint constraint ledger_checkpoint_pkey primary key,
  root bytea not null,
  note text not null,
  signed_at timestamptz not null
);
create table ledger_rejected (
  id bigint constraint ledger_rejected_pkey primary key,
  entry_id uuid not null,
  commitment bytea not null,
  mac bytea not null,
  mac_key_id smallint not null,
  reason text not null constraint ledger_rejected_reason_check check (reason in ('mac', 'repeated')),
  rejected_at timestamptz not null
);
create table ledger_announced (
  fact_sha256 bytea constraint ledger_announced_pkey primary key,
  entry_id uuid not null
);
`;

const ANCHORS = `
create table anchor (
  size bigint not null constraint anchor_checkpoint_fkey references ledger_checkpoint (size),
  name text not null,
  class text not null constraint anchor_class_check check (class in ('self', 'tsa', 'witness')),
  token bytea not null,
  certificates text,
  anchored_at timestamptz not null,
  constraint anchor_pkey primary key (size, name)
);
create index anchor_name_idx on anchor (name, size);
create table anchor_service (
  name text constraint anchor_service_pkey primary key,
  class text not null constraint anchor_service_class_check check (class in ('self', 'tsa', 'witness')),
  last_size bigint,
  last_anchored_at timestamptz,
  attempted_at timestamptz,
  failures integer not null default 0,
  last_fault text,
  due_at timestamptz not null
);
`;

const EXPORTS = `
create table proof_export (
  id bigint generated always as identity constraint proof_export_pkey primary key,
  public_id uuid not null constraint proof_export_public_id_key unique,
  account_id bigint not null constraint proof_export_account_fkey references account (id) on delete cascade,
  kind text not null constraint proof_export_kind_check check (kind in ('lead', 'message', 'broadcast', 'audit')),
  state text not null constraint proof_export_state_check check (state in ('running', 'complete', 'broken')),
  checkpoint_size bigint not null,
  records integer not null default 0,
  bytes bigint not null default 0,
  sha256 bytea,
  created_at timestamptz not null,
  finished_at timestamptz,
  expires_at timestamptz not null
);
create index proof_export_account_idx on proof_export (account_id, id);
create index proof_export_expiry_idx on proof_export (expires_at);
create table proof_export_lead (
  export_id bigint not null constraint proof_export_lead_export_fkey references proof_export (id) on delete cascade,
  lead_id bigint not null constraint proof_export_lead_lead_fkey references lead (id) on delete cascade,
  constraint proof_export_lead_pkey primary key (export_id, lead_id)
);
create index proof_export_lead_lead_idx on proof_export_lead (lead_id);
`;

const LEADS = `
create index lead_token_expiry_idx on lead (marketing_token_expires_at)
  where marketing_token_state in ('granted', 'renewed', 'resumed');
`;

/** The log over the ledger's entries: leaves, tiles, signed checkpoints, anchors of them, and what is exported from it. */
export class SignedLog1764100000000 implements MigrationInterface {
  name = 'SignedLog1764100000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statements of [LOG, ANCHORS, EXPORTS, LEADS]) await queryRunner.query(statements);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
}
