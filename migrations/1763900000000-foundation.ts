import type { MigrationInterface, QueryRunner } from 'typeorm';

const ACCOUNTS = `
create table installation (
  id smallint constraint installation_pkey primary key constraint installation_single_row check (id = 1),
  log_origin text not null,
  created_at timestamptz not null
);
create table account (
  id bigint generated always as identity constraint account_pkey primary key,
  public_id uuid not null constraint account_public_id_key unique,
  dek_wrapped bytea not null,
  email_index bytea not null constraint account_email_index_key unique,
  email_ct bytea not null,
  name_ct bytea not null,
  created_at timestamptz not null
);
create table api_key (
  id bigint generated always as identity constraint api_key_pkey primary key,
  public_id uuid not null constraint api_key_public_id_key unique,
  account_id bigint not null constraint api_key_account_fkey references account (id) on delete cascade,
  prefix text not null constraint api_key_prefix_key unique,
  secret_sha256 bytea not null,
  scopes text[] not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz
);
create index api_key_account_idx on api_key (account_id, id);
create table idempotency_key (
  account_id bigint not null constraint idempotency_key_account_fkey references account (id) on delete cascade,
  fingerprint bytea not null,
  request_fingerprint bytea not null,
  state text not null constraint idempotency_key_state_check check (state in ('running', 'done')),
  status smallint,
  resource_kind text,
  resource_id text,
  created_at timestamptz not null,
  constraint idempotency_key_pkey primary key (account_id, fingerprint)
);
create index idempotency_key_created_idx on idempotency_key (created_at);
create table audit_event (
  id bigint generated always as identity constraint audit_event_pkey primary key,
  public_id uuid not null constraint audit_event_public_id_key unique,
  account_id bigint not null constraint audit_event_account_fkey references account (id) on delete cascade,
  kind text not null,
  detail_ct bytea,
  created_at timestamptz not null
);
create index audit_event_account_idx on audit_event (account_id, id);
`;

const PAGES = `
create table page (
  id bigint generated always as identity constraint page_pkey primary key,
  public_id uuid not null constraint page_public_id_key unique,
  account_id bigint not null constraint page_account_fkey references account (id) on delete cascade,
  meta_page_id text not null,
  name text not null,
  token_ct bytea,
  state text not null constraint page_state_check check (state in ('active', 'stopped', 'disconnected')),
  stop_reason text,
  stop_code integer,
  stop_subcode integer,
  stopped_at timestamptz,
  opt_in_mode text not null constraint page_opt_in_mode_check check (opt_in_mode in ('conversation_start', 'explicit')),
  basis text not null,
  addresses_eea boolean not null,
  rate_per_second integer not null constraint page_rate_check check (rate_per_second between 1 and 300),
  accept_risk_above_40 boolean not null default false,
  time_zone text not null,
  quiet_hours jsonb,
  notice_version integer not null default 0,
  setup jsonb,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint page_risk_check check (rate_per_second <= 40 or accept_risk_above_40)
);
create unique index page_connected_meta_page_key on page (meta_page_id) where state <> 'disconnected';
create index page_account_idx on page (account_id, id);
create table notice (
  page_id bigint not null constraint notice_page_fkey references page (id) on delete cascade,
  version integer not null,
  language text not null,
  surface text not null,
  body text not null,
  sha256 bytea not null,
  created_at timestamptz not null,
  constraint notice_pkey primary key (page_id, version, language)
);
create table page_pace (
  page_id bigint constraint page_pace_pkey primary key constraint page_pace_page_fkey references page (id) on delete cascade,
  next_free_at timestamptz not null,
  throttled_until timestamptz,
  throttle_level smallint not null default 0
);
create table page_lane (
  page_id bigint not null constraint page_lane_page_fkey references page (id) on delete cascade,
  lane smallint not null,
  holder uuid,
  held_until timestamptz,
  constraint page_lane_pkey primary key (page_id, lane)
);
create table key_ring (
  ring text constraint key_ring_pkey primary key,
  generation integer not null,
  sha256 bytea not null
);
create table key_bucket (
  page_id bigint not null constraint key_bucket_page_fkey references page (id) on delete cascade,
  bucket smallint not null,
  key_version integer not null,
  constraint key_bucket_pkey primary key (page_id, bucket)
);
create table suppression (
  page_id bigint not null constraint suppression_page_fkey references page (id) on delete cascade,
  person_mac bytea not null,
  created_at timestamptz not null,
  constraint suppression_pkey primary key (page_id, person_mac)
);
`;

const LEADS = `
create table lead (
  id bigint generated always as identity constraint lead_pkey primary key,
  public_id uuid not null constraint lead_public_id_key unique,
  account_id bigint not null constraint lead_account_fkey references account (id) on delete cascade,
  page_id bigint not null constraint lead_page_fkey references page (id) on delete cascade,
  status text not null constraint lead_status_check check (status in ('subscribed', 'unsubscribed', 'reply_only', 'suppressed')),
  subject_ref bytea not null,
  chain_n integer not null default 0,
  chain_head bytea,
  consent_entry uuid,
  consent_commitment bytea,
  consent_n integer,
  opted_in_at timestamptz,
  explicit_act_at timestamptz,
  withdrawn_at timestamptz,
  withdrawal_commitment bytea,
  last_inbound_at timestamptz,
  last_ad_message_at timestamptz,
  marketing_token_ct bytea,
  marketing_token_state text,
  marketing_token_expires_at timestamptz,
  marketing_token_at timestamptz,
  notice_shown_at timestamptz,
  notice_version integer,
  unreachable_at timestamptz,
  failed_in_a_row smallint not null default 0,
  restricted_at timestamptz,
  tag_ids bigint[] not null default '{}',
  ref_index bytea,
  locale text,
  time_zone text,
  web_token_sha256 bytea not null constraint lead_web_token_key unique,
  created_at timestamptz not null
);
create index lead_page_idx on lead (page_id, id);
create index lead_account_idx on lead (account_id, id);
create index lead_tags_idx on lead using gin (tag_ids);
create table lead_key (
  lead_id bigint constraint lead_key_pkey primary key constraint lead_key_lead_fkey references lead (id) on delete cascade,
  page_id bigint not null,
  bucket smallint not null,
  key_version integer not null,
  psid_index bytea not null,
  dek_wrapped bytea not null,
  psid_ct bytea not null,
  constraint lead_key_person_key unique (page_id, bucket, psid_index)
);
create table tag (
  id bigint generated always as identity constraint tag_pkey primary key,
  account_id bigint not null constraint tag_account_fkey references account (id) on delete cascade,
  name_index bytea not null,
  name_ct bytea not null,
  constraint tag_name_key unique (account_id, name_index)
);
`;

const LEDGER = `
create table ledger_opening (
  entry_id uuid constraint ledger_opening_pkey primary key,
  lead_id bigint constraint ledger_opening_lead_fkey references lead (id) on delete cascade,
  account_id bigint,
  opening_ct bytea,
  opening bytea,
  constraint ledger_opening_one_form check ((opening_ct is null) <> (opening is null)),
  constraint ledger_opening_personal_is_sealed check (lead_id is null or opening_ct is not null)
);
create index ledger_opening_lead_idx on ledger_opening (lead_id) where lead_id is not null;
create table ledger_pending (
  id bigint generated always as identity constraint ledger_pending_pkey primary key,
  entry_id uuid not null constraint ledger_pending_entry_key unique,
  commitment bytea not null,
  mac bytea not null,
  mac_key_id smallint not null
);
create table ledger_sends (
  entry_id uuid constraint ledger_sends_pkey primary key,
  broadcast_id bigint,
  page_id bigint,
  commitments bytea not null
);
create table evidence_segment (
  delivery_id uuid not null,
  position integer not null,
  kind text not null constraint evidence_segment_kind_check check (kind in ('p', 'e')),
  lead_id bigint constraint evidence_segment_lead_fkey references lead (id) on delete cascade,
  bytes bytea not null,
  constraint evidence_segment_pkey primary key (delivery_id, position),
  constraint evidence_segment_personal_has_lead check ((kind = 'e') = (lead_id is not null))
);
create index evidence_segment_lead_idx on evidence_segment (lead_id) where lead_id is not null;
`;

const INBOX = `
create table inbox (
  id bigint generated always as identity constraint inbox_pkey primary key,
  delivery_id uuid not null,
  key_day integer not null,
  copy_mac bytea not null,
  body_ct bytea not null,
  nonces_ct bytea,
  attempts smallint not null default 0,
  due_at timestamptz not null,
  received_at timestamptz not null,
  constraint inbox_copy_key unique (key_day, copy_mac)
);
create index inbox_due_idx on inbox (due_at, id);
create table inbox_event (
  lead_id bigint not null constraint inbox_event_lead_fkey references lead (id) on delete cascade,
  event_mac bytea not null,
  seen_at timestamptz not null,
  constraint inbox_event_pkey primary key (lead_id, event_mac)
);
create index inbox_event_seen_idx on inbox_event (seen_at);
`;

const BROADCASTS = `
create table broadcast (
  id bigint generated always as identity constraint broadcast_pkey primary key,
  public_id uuid not null constraint broadcast_public_id_key unique,
  account_id bigint not null constraint broadcast_account_fkey references account (id) on delete cascade,
  definition_ct bytea not null,
  content_sha256 bytea not null,
  purpose text not null,
  status text not null constraint broadcast_status_check check (status in
    ('draft', 'scheduled', 'preparing', 'sending', 'paused', 'holding', 'completed', 'cancelled', 'blocked')),
  blocked_reason text,
  out_of_window text not null constraint broadcast_out_of_window_check check (out_of_window in ('skip', 'hold')),
  scheduled_at timestamptz,
  start_at timestamptz,
  rate_per_second integer,
  start_delay_seconds integer not null default 0,
  status_before_pause text,
  launched_at timestamptz,
  frozen_at timestamptz,
  completed_at timestamptz,
  cancelled_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create index broadcast_account_idx on broadcast (account_id, id);
create index broadcast_live_idx on broadcast (status, start_at) where status in ('scheduled', 'preparing', 'sending', 'holding');
create table broadcast_page (
  broadcast_id bigint not null constraint broadcast_page_broadcast_fkey references broadcast (id) on delete cascade,
  page_id bigint not null constraint broadcast_page_page_fkey references page (id) on delete cascade,
  state text not null constraint broadcast_page_state_check check (state in ('open', 'blocked', 'done')),
  blocked_reason text,
  generation integer not null default 0,
  refused_in_a_row integer not null default 0,
  last_claim_at timestamptz,
  constraint broadcast_page_pkey primary key (broadcast_id, page_id)
);
create index broadcast_page_page_idx on broadcast_page (page_id);
create table broadcast_lead (
  broadcast_id bigint not null constraint broadcast_lead_broadcast_fkey references broadcast (id) on delete cascade,
  lead_id bigint not null constraint broadcast_lead_lead_fkey references lead (id) on delete cascade,
  constraint broadcast_lead_pkey primary key (broadcast_id, lead_id)
);
create index broadcast_lead_lead_idx on broadcast_lead (lead_id);
create table delivery (
  broadcast_id bigint not null,
  seq integer not null,
  page_id bigint not null,
  lead_id bigint,
  status text not null constraint delivery_status_check check (status in
    ('pending', 'sending', 'held', 'accepted', 'rejected', 'uncertain', 'skipped')),
  reason text,
  path text,
  basis text,
  consent_entry uuid,
  notice_version integer,
  rule_version text not null,
  attempt smallint not null default 0,
  transient_failures smallint not null default 0,
  due_at timestamptz,
  public_id uuid,
  sends_entry uuid,
  sends_position smallint,
  subject_n integer,
  claimed_at timestamptz,
  post_started_at timestamptz,
  settled_at timestamptz,
  delivered_at timestamptz,
  read_at timestamptz,
  clicked_at timestamptz,
  unsubscribed_at timestamptz,
  mid_ct bytea,
  error_code integer,
  error_subcode integer,
  constraint delivery_pkey primary key (broadcast_id, seq),
  constraint delivery_lead_key unique (lead_id, broadcast_id),
  constraint delivery_reason_check check ((status = 'skipped') <= (reason is not null))
);
create index delivery_pending_idx on delivery (broadcast_id, page_id, seq) where status = 'pending';
create index delivery_sending_idx on delivery (claimed_at) where status = 'sending';
create index delivery_held_idx on delivery (broadcast_id, page_id) where status = 'held';
create index delivery_rejected_idx on delivery (settled_at) where status = 'rejected';
create table reply (
  id bigint generated always as identity constraint reply_pkey primary key,
  public_id uuid not null constraint reply_public_id_key unique,
  page_id bigint not null constraint reply_page_fkey references page (id) on delete cascade,
  lead_id bigint not null constraint reply_lead_fkey references lead (id) on delete cascade,
  kind text not null,
  cause uuid not null,
  broadcast_id bigint constraint reply_broadcast_fkey references broadcast (id) on delete cascade,
  notice_version integer,
  language text not null,
  status text not null constraint reply_status_check check (status in
    ('pending', 'sending', 'accepted', 'rejected', 'uncertain', 'skipped')),
  reason text,
  attempt smallint not null default 0,
  transient_failures smallint not null default 0,
  due_at timestamptz not null,
  claimed_at timestamptz,
  post_started_at timestamptz,
  settled_at timestamptz,
  mid_ct bytea,
  error_code integer,
  error_subcode integer,
  created_at timestamptz not null,
  constraint reply_cause_key unique (lead_id, kind, cause)
);
create index reply_pending_idx on reply (page_id, due_at, id) where status = 'pending';
create index reply_sending_idx on reply (claimed_at) where status = 'sending';
create index reply_test_idx on reply (created_at) where kind = 'test';
create index reply_rejected_idx on reply (settled_at) where status = 'rejected';
`;

/** The schema of 0.1.0: accounts, Pages, key buckets, leads, ledger entries, inbox, broadcasts, deliveries, replies. */
export class Foundation1763900000000 implements MigrationInterface {
  name = 'Foundation1763900000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statements of [ACCOUNTS, PAGES, LEADS, LEDGER, INBOX, BROADCASTS]) await queryRunner.query(statements);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
}
