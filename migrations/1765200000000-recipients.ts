import type { MigrationInterface, QueryRunner } from 'typeorm';

const RECIPIENTS = `
create table recipient (
  id bigint generated always as identity constraint recipient_pkey primary key,
  public_id uuid not null constraint recipient_public_id_key unique,
  account_id bigint not null constraint recipient_account_fkey references account on delete cascade,
  kind text not null constraint recipient_kind_check check (kind in ('webhook', 'integration', 'other')),
  receives text not null constraint recipient_receives_check check (receives in ('everyone', 'disclosed')),
  definition_ct bytea not null,
  secret_ct bytea not null,
  created_at timestamptz not null,
  ended_at timestamptz,
  disclosed_at timestamptz
);
create index recipient_account_idx on recipient (account_id, id);

create table disclosure (
  lead_id bigint not null constraint disclosure_lead_fkey references lead on delete cascade,
  recipient_id bigint not null constraint disclosure_recipient_fkey references recipient on delete cascade,
  first_at timestamptz not null,
  last_at timestamptz not null,
  constraint disclosure_pkey primary key (lead_id, recipient_id)
);
create index disclosure_recipient_idx on disclosure (recipient_id);

create table recipient_call (
  id bigint generated always as identity constraint recipient_call_pkey primary key,
  public_id uuid not null constraint recipient_call_public_id_key unique,
  account_id bigint not null,
  recipient_uuid uuid not null,
  erasure_uuid uuid not null,
  state text not null constraint recipient_call_state_check check (state in ('queued', 'notified', 'failed')),
  attempts smallint not null default 0,
  last_code text,
  due_at timestamptz not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  settled_at timestamptz,
  constraint recipient_call_settled_has_time check ((state = 'queued') = (settled_at is null))
);
create index recipient_call_due_idx on recipient_call (due_at) where state = 'queued';
create index recipient_call_erasure_idx on recipient_call (erasure_uuid);
create index recipient_call_recipient_idx on recipient_call (recipient_uuid);
`;

/** Who else gets people's data, of whom they got it, and that they are told of erasures. What they are told is never in the database. */
export class Recipients1765200000000 implements MigrationInterface {
  name = 'Recipients1765200000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(RECIPIENTS);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
}
