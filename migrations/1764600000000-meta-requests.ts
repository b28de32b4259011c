import type { MigrationInterface, QueryRunner } from 'typeorm';

const META_REQUESTS = `
create table meta_request (
  code text constraint meta_request_pkey primary key,
  kind text not null constraint meta_request_kind_check check (kind in ('deletion', 'deauthorisation')),
  state text not null constraint meta_request_state_check check (state in ('open', 'done')),
  received_at timestamptz not null,
  expires_at timestamptz not null
);
create index meta_request_open_idx on meta_request (received_at) where state = 'open';
create index meta_request_expiry_idx on meta_request (expires_at);
`;

/** What Meta asks of the app itself: that somebody's data be deleted, or that somebody took the app off. Names nobody. */
export class MetaRequests1764600000000 implements MigrationInterface {
  name = 'MetaRequests1764600000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(META_REQUESTS);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
}
