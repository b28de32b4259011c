import type { MigrationInterface, QueryRunner } from 'typeorm';

const ERASURES = `
create table erasure (
  id bigint generated always as identity constraint erasure_pkey primary key,
  public_id uuid not null constraint erasure_public_id_key unique,
  code text not null constraint erasure_code_key unique,
  account_id bigint not null,
  page_id bigint not null,
  scope text not null constraint erasure_scope_check check (scope in ('lead')),
  origin text not null constraint erasure_origin_check check (origin in ('api', 'chat')),
  state text not null constraint erasure_state_check check (state in ('waiting', 'destroying', 'complete')),
  lead_id bigint constraint erasure_lead_key unique,
  lead_mac bytea not null,
  subject_sha256 bytea not null,
  link_ct bytea,
  bucket smallint not null,
  key_version integer,
  leaves integer,
  commitment bytea,
  certificate_head text,
  certificate text,
  requested_at timestamptz not null,
  rows_deleted_at timestamptz,
  keys_destroyed_at timestamptz,
  completed_at timestamptz,
  constraint erasure_names_lead_while_waiting check ((state = 'waiting') = (lead_id is not null)),
  constraint erasure_keeps_link_while_waiting check (state = 'waiting' or link_ct is null),
  constraint erasure_complete_has_certificate check ((state = 'complete') = (certificate is not null))
);
create index erasure_open_idx on erasure (page_id, bucket) where state <> 'complete';
create index erasure_lead_idx on erasure (account_id, lead_mac);
create table erasure_tombstone (
  key_day integer not null,
  person_mac bytea not null,
  erased_at timestamptz not null,
  expires_at timestamptz not null,
  constraint erasure_tombstone_pkey primary key (key_day, person_mac)
);
create index erasure_tombstone_expiry_idx on erasure_tombstone (expires_at);
`;

const LEADS = `
alter table lead drop constraint lead_status_check;
alter table lead add constraint lead_status_check
  check (status in ('subscribed', 'unsubscribed', 'reply_only', 'suppressed', 'erasing'));
alter table logged_send alter column consent_entry drop not null, alter column subject_n drop not null,
  alter column claimed_at drop not null;
`;

/** Erasing a lead: what is under way, what is done, and for two days a keyed mark against webhooks that come late. */
export class Erasure1764400000000 implements MigrationInterface {
  name = 'Erasure1764400000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statements of [ERASURES, LEADS]) await queryRunner.query(statements);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
}
