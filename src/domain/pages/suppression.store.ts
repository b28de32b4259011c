import type { RowId, Tx } from '../sql.types';

/**
 * Waits for leads that are being created in these buckets, and holds back new ones until the end of the transaction.
 *
 * Creating a lead reads the suppressions under a share lock of its bucket. Without this lock a lead could be made from
 * the old list and committed after the import had looked for existing leads: subscribed, although on the list.
 */
export const lockBuckets = (tx: Tx, pageId: RowId, buckets: readonly number[]): Promise<number> =>
  tx.run(`select from key_bucket where page_id = $1 and bucket = any($2::smallint[]) order by bucket for update`, [
    pageId,
    buckets,
  ]);

/** @returns how many were not there before */
export const insertSuppressions = (tx: Tx, pageId: RowId, macs: readonly Buffer[], at: Date): Promise<number> =>
  tx.run(
    `insert into suppression (page_id, person_mac, created_at)
     select $1, mac, $3 from unnest($2::bytea[]) as mac order by mac
     on conflict do nothing`,
    [pageId, macs, at],
  );
