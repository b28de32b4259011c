import type { MigrationInterface, QueryRunner } from 'typeorm';

const MAIL = `
create table mail (
  id bigint generated always as identity constraint mail_pkey primary key,
  public_id uuid not null constraint mail_public_id_key unique,
  account_id bigint not null,
  kind text not null,
  state text not null constraint mail_state_check check (state in ('queued', 'kept', 'sent', 'failed')),
  key_day integer not null,
  content_ct bytea,
  attempts smallint not null default 0,
  due_at timestamptz not null,
  created_at timestamptz not null,
  settled_at timestamptz
);
create index mail_due_idx on mail (due_at) where state = 'queued';
create index mail_account_idx on mail (account_id, id);
`;

/** Mails to account owners. Address and words are sealed under a day's key, which is destroyed after two days. */
export class Mail1764500000000 implements MigrationInterface {
  name = 'Mail1764500000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(MAIL);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
}
