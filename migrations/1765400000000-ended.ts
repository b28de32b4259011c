import type { MigrationInterface, QueryRunner } from 'typeorm';

const ENDED = `
create table ended (
  id bigint generated always as identity constraint ended_pkey primary key,
  lead_id bigint constraint ended_lead_fkey references lead (id) on delete cascade,
  chain_n integer,
  api_key_id bigint constraint ended_api_key_fkey references api_key (id) on delete cascade,
  constraint ended_one check ((lead_id is null) <> (api_key_id is null) and (lead_id is null) = (chain_n is null))
);
create index ended_lead_idx on ended (lead_id);
create index ended_api_key_idx on ended (api_key_id);
`;

/** Withdrawals and revoked API keys until they are kept beside the key ring, where no older copy of the database undoes them. */
export class Ended1765400000000 implements MigrationInterface {
  name = 'Ended1765400000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(ENDED);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
}
