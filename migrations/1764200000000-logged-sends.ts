import type { MigrationInterface, QueryRunner } from 'typeorm';

const ATTEMPTS = `
create table logged_send (
  message_id uuid not null,
  attempt smallint not null,
  is_test boolean not null,
  broadcast_id bigint not null,
  broadcast_uuid uuid not null,
  page_id bigint not null,
  lead_id bigint,
  path text not null,
  consent_entry uuid not null,
  subject_n integer not null,
  claimed_at timestamptz not null,
  sends_entry uuid not null,
  sends_position smallint not null,
  constraint logged_send_pkey primary key (message_id, attempt)
);
create index logged_send_lead_idx on logged_send (lead_id) where lead_id is not null;
create index logged_send_entry_idx on logged_send (sends_entry);
alter table delivery add column untold_attempts smallint not null default 0;
update delivery set untold_attempts = attempt - 1 where attempt > 1;
create view authorised_attempt as
  select d.public_id as message_id, d.attempt, false as is_test, d.broadcast_id, b.public_id as broadcast_uuid, d.page_id,
    d.lead_id, d.path, d.consent_entry, d.subject_n, d.claimed_at, d.sends_entry, d.sends_position
   from delivery d left join broadcast b on b.id = d.broadcast_id where d.sends_entry is not null
  union all
  select message_id, attempt, is_test, broadcast_id, broadcast_uuid, page_id, lead_id, path, consent_entry, subject_n,
    claimed_at, sends_entry, sends_position
   from logged_send;
`;

/**
 * Attempts that no row of `delivery` tells of: the earlier ones of messages that were tried again, and those of test sends.
 * Release 0.1.0 kept only the last attempt of a message and logged no tests; `untold_attempts` counts what it left out.
 */
export class LoggedSends1764200000000 implements MigrationInterface {
  name = 'LoggedSends1764200000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(ATTEMPTS);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
}
