import type { LeadPage } from '../leads';
import type { RowId, Sql, Tx } from '../sql.types';

export interface InstallationRow {
  readonly origin: string;
  /** Null unless a restore has begun and not ended. */
  readonly restoringAt: Date | null;
}

export const findInstallation = (sql: Sql): Promise<InstallationRow | undefined> =>
  sql.first(`select log_origin as origin, restoring_at as "restoringAt" from installation where id = 1`);

/** @returns 0 when a restore that was cut off is gone on with */
export const recordBegun = (tx: Tx, at: Date): Promise<number> =>
  tx.run('update installation set restoring_at = $1 where id = 1 and restoring_at is null', [at]);

/** Events of up to `lostUntil` may be of people who were erased after it. */
export const recordDone = (tx: Tx, at: Date, lostUntil: Date): Promise<number> =>
  tx.run(
    `update installation set restoring_at = null, restored_at = $1,
       events_lost_until = greatest(events_lost_until, $2::timestamptz) where id = 1`,
    [at, lostUntil],
  );

export interface RecordedRing {
  readonly ring: string;
  readonly generation: number;
}

export const readRecordedRings = (sql: Sql): Promise<RecordedRing[]> =>
  sql.rows('select ring, generation from key_ring order by ring');

export interface RingRow extends RecordedRing {
  readonly sha256: Buffer;
}

/** What has no file is known no more. */
export const forgetRings = (tx: Tx, files: readonly RecordedRing[]): Promise<number> =>
  tx.run('delete from key_ring where not (ring = any($1::text[]))', [files.map(({ ring }) => ring)]);

/** The rows of those of these rings that this database knows become those that belong to the files. */
export async function recordRings(tx: Tx, files: readonly RingRow[]): Promise<void> {
  const names = files.map(({ ring }) => ring);
  await tx.run(
    `update key_ring k set generation = f.generation, sha256 = f.sha256
      from unnest($1::text[], $2::int[], $3::bytea[]) as f (ring, generation, sha256) where f.ring = k.ring`,
    [names, files.map(({ generation }) => generation), files.map(({ sha256 }) => sha256)],
  );
}

/** Rings that an account's deletion, which goes on by itself, is destroying. */
export async function readEndingPages(sql: Sql): Promise<string[]> {
  const rows = await sql.rows<{ uuid: string }>(
    `select unnest(rings)::text as uuid from account_erasure where state in ('confirmed', 'destroying')`,
  );
  return rows.map(({ uuid }) => uuid);
}

export interface StoredAccount {
  readonly id: RowId;
  readonly uuid: string;
  /** Its deletion is under way in this database, and goes on by itself. */
  readonly isEnding: boolean;
}

export const readAccounts = (sql: Sql): Promise<StoredAccount[]> =>
  sql.rows(
    `select a.id, a.public_id as uuid, exists (select from account_erasure e
       where e.account_id = a.id and e.state in ('confirmed', 'destroying')) as "isEnding" from account a order by a.id`,
  );

export const readPages = (sql: Sql): Promise<LeadPage[]> =>
  sql.rows(
    `select id, public_id as uuid, account_id as "accountId", meta_page_id as "metaPageId" from page order by id`,
  );

export interface BucketVersion {
  readonly bucket: number;
  readonly version: number;
}

export const readBuckets = (sql: Sql, pageId: RowId): Promise<BucketVersion[]> =>
  sql.rows('select bucket, key_version as version from key_bucket where page_id = $1 order by bucket', [pageId]);

export async function readPeopleOf(sql: Sql, pageId: RowId, bucket: number): Promise<string[]> {
  const rows = await sql.rows<{ uuid: string }>(
    `select l.public_id as uuid from lead_key k join lead l on l.id = k.lead_id where k.page_id = $1 and k.bucket = $2`,
    [pageId, bucket],
  );
  return rows.map(({ uuid }) => uuid);
}

const RUNNING = `status in ('scheduled', 'preparing', 'sending', 'holding', 'blocked')`;

export async function countRunning(sql: Sql): Promise<number> {
  const row = await sql.first<{ count: number }>(`select count(*)::int as count from broadcast where ${RUNNING}`);
  return row?.count ?? 0;
}

/**
 * What was to be sent when the backup was made is not sent without being asked: it may have been sent since. Broadcasts are paused,
 * replies and mails given up, archives withdrawn. An account that was cancelled may have been taken up again since: its owner is reminded
 * anew, and it is deleted no earlier than a day after that.
 */
export async function holdEverything(tx: Tx, at: Date): Promise<void> {
  await tx.run(
    `update broadcast set status_before_pause = status, status = 'paused', blocked_reason = 'restored', updated_at = $1
      where ${RUNNING}`,
    [at],
  );
  await tx.run(`update reply set status = 'skipped', reason = 'restored', settled_at = $1 where status = 'pending'`, [
    at,
  ]);
  await tx.run(
    `update subscription_end set reminders = 0, delete_at = greatest(delete_at, $1::timestamptz + interval '8 days')`,
    [at],
  );
  await tx.run(
    `update mail set state = 'failed', content_ct = null, key_name = null, settled_at = $1 where state = 'queued'`,
    [at],
  );
  await tx.run(
    `update account_backup set head_wrapped = null, file_key_ct = null,
       state = case when state = 'ready' then 'withdrawn' else 'failed' end where state in ('waiting', 'making', 'ready')`,
  );
}
