import type { MigrationInterface, QueryRunner } from 'typeorm';

const ACCOUNT_ERASURE = `
create table account_erasure (
  id bigint generated always as identity constraint account_erasure_pkey primary key,
  public_id uuid not null constraint account_erasure_public_id_key unique,
  code text not null constraint account_erasure_code_key unique,
  account_id bigint not null,
  state text not null constraint account_erasure_state_check check (state in ('asked', 'confirmed', 'destroying', 'complete')),
  token_sha256 bytea constraint account_erasure_token_key unique,
  asked_at timestamptz not null,
  confirm_until timestamptz not null,
  confirmed_at timestamptz,
  key_day integer,
  letter_ct bytea,
  certificate_head text,
  rings uuid[] not null default '{}',
  leaves integer not null default 0,
  pages_released integer not null default 0,
  commitment bytea,
  rows_deleted_at timestamptz,
  completed_at timestamptz,
  certificate text,
  constraint account_erasure_complete_has_certificate check ((state = 'complete') = (certificate is not null)),
  constraint account_erasure_asked_has_token check ((state = 'asked') = (token_sha256 is not null))
);
create unique index account_erasure_confirmed_key on account_erasure (account_id) where state <> 'asked';
create index account_erasure_open_idx on account_erasure (id) where state in ('confirmed', 'destroying');
`;

/** Deleting an account: asked for, said yes to by the link in a mail, under way, done. */
export class AccountErasure1764700000000 implements MigrationInterface {
  name = 'AccountErasure1764700000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(ACCOUNT_ERASURE);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
}
