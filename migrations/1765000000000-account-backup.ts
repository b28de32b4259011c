import type { MigrationInterface, QueryRunner } from 'typeorm';

const ACCOUNT_BACKUP = `
create table account_backup (
  id bigint generated always as identity constraint account_backup_pkey primary key,
  public_id uuid not null constraint account_backup_public_id_key unique,
  account_id bigint not null constraint account_backup_account_fkey references account (id) on delete cascade,
  state text not null constraint account_backup_state_check
    check (state in ('waiting', 'making', 'ready', 'replaced', 'withdrawn', 'expired', 'failed')),
  generation integer not null default 0,
  key_day integer not null,
  head_wrapped bytea,
  file_key_ct bytea,
  leads_total bigint not null default 0,
  leads_done bigint not null default 0,
  bytes bigint not null default 0,
  sha256 bytea,
  requested_at timestamptz not null,
  beat_at timestamptz not null,
  completed_at timestamptz,
  expires_at timestamptz not null,
  downloaded_at timestamptz,
  constraint account_backup_key_while_made check ((state in ('waiting', 'making')) = (file_key_ct is not null and head_wrapped is not null))
);
create unique index account_backup_live_key on account_backup (account_id) where state in ('waiting', 'making', 'ready');
create index account_backup_account_idx on account_backup (account_id, id);
`;

/** Archives of accounts: asked for, made in the background, downloaded, deleted. */
export class AccountBackup1765000000000 implements MigrationInterface {
  name = 'AccountBackup1765000000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(ACCOUNT_BACKUP);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
}
