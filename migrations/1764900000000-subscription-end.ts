import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Accounts whose subscription was cancelled and whose data is kept for a while. */
export class SubscriptionEnd1764900000000 implements MigrationInterface {
  name = 'SubscriptionEnd1764900000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table subscription_end (
        account_id bigint constraint subscription_end_pkey primary key
          constraint subscription_end_account_fkey references account (id) on delete cascade,
        ended_at timestamptz not null,
        delete_at timestamptz not null,
        reminders smallint not null default 0
      )`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
}
