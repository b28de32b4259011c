import type { RowId, Tx } from '../sql.types';
import type { RecordRow } from './delivery.types';

/**
 * Rows still in `sending` with that attempt only: an echo may have been first, and a row the sweeper called uncertain
 * is resolved in its own way. A receipt noted while the message was on its way counts if it came after the start.
 */
/** A row whose echo came first is accepted already; of it only the exact moment of the POST is still to be written. */
const RECORD = `
  with c as (select * from unnest($2::int[], $3::smallint[], $4::text[], $5::text[], $6::float8[], $7::timestamptz[],
       $8::bytea[], $9::int[], $10::int[], $11::smallint[])
       as c (seq, attempt, status, reason, due_in_ms, post_started_at, mid_ct, code, subcode, failures)),
  timed as (
    update delivery d set post_started_at = c.post_started_at from c
     where d.broadcast_id = $1 and d.seq = c.seq and d.status = 'accepted' and d.attempt = c.attempt
       and c.post_started_at is not null)
  update delivery d set
    status = case when c.status = 'pending' and b.status = 'cancelled' then 'skipped' else c.status end,
    reason = case when c.status = 'pending' and b.status = 'cancelled' then 'cancelled' else c.reason end,
    due_at = case when c.status = 'pending' and b.status <> 'cancelled'
      then clock_timestamp() + make_interval(secs => coalesce(c.due_in_ms, 0) / 1000) end,
    settled_at = case when c.status = 'pending' and b.status <> 'cancelled' then null else clock_timestamp() end,
    post_started_at = c.post_started_at,
    delivered_at = case when d.delivered_at >= c.post_started_at then d.delivered_at end,
    read_at = case when d.read_at >= c.post_started_at then d.read_at end,
    mid_ct = coalesce(d.mid_ct, c.mid_ct), error_code = c.code, error_subcode = c.subcode,
    transient_failures = c.failures
   from (select status from broadcast where id = $1) b, c
  where d.broadcast_id = $1 and d.seq = c.seq and d.status = 'sending' and d.attempt = c.attempt
  returning d.seq`;

/** Writes what happened to a chunk, in one statement. @returns the `seq` of the rows it changed */
export async function recordRows(tx: Tx, broadcastId: RowId, rows: readonly RecordRow[]): Promise<number[]> {
  const changed = await tx.rows<{ seq: number }>(RECORD, [
    broadcastId,
    rows.map((row) => row.seq),
    rows.map((row) => row.attempt),
    rows.map((row) => row.status),
    rows.map((row) => row.reason),
    rows.map((row) => row.dueInMs),
    rows.map((row) => row.postStartedAt),
    rows.map((row) => row.midCt),
    rows.map((row) => row.code),
    rows.map((row) => row.subcode),
    rows.map((row) => row.failures),
  ]);
  return changed.map((row) => row.seq);
}

export const writeRefusedInARow = (tx: Tx, broadcastId: RowId, pageId: RowId, count: number): Promise<number> =>
  tx.run('update broadcast_page set refused_in_a_row = $3 where broadcast_id = $1 and page_id = $2', [
    broadcastId,
    pageId,
    count,
  ]);
