import type { RowId, Sql } from '../sql.types';

const BATCH = 200;
/** After so long nothing can put a row of a cancelled broadcast back to `pending` any more. */
const CANCELLED_WATCHED_MS = 30 * 86_400_000;

const ids = async (sql: Sql, text: string, values: readonly unknown[]): Promise<RowId[]> =>
  (await sql.rows<{ id: RowId }>(text, values)).map((row) => row.id);

export const listDue = (sql: Sql, now: Date): Promise<RowId[]> =>
  ids(sql, `select id from broadcast where status = 'scheduled' and start_at <= $1 order by start_at limit ${BATCH}`, [
    now,
  ]);

export const listPreparing = (sql: Sql, startedBefore: Date): Promise<RowId[]> =>
  ids(
    sql,
    `select id from broadcast where status = 'preparing' and start_at <= $1 and updated_at <= $1
      order by start_at limit ${BATCH}`,
    [startedBefore],
  );

/** Broadcasts that send, and have an open Page on which neither a pending nor a sending row is left. */
export const listUnsettled = (sql: Sql): Promise<RowId[]> =>
  ids(
    sql,
    `select b.id from broadcast b
      where b.status in ('sending', 'holding')
        and (not exists (select from broadcast_page bp where bp.broadcast_id = b.id and bp.state = 'open')
          or exists (select from broadcast_page bp where bp.broadcast_id = b.id and bp.state = 'open'
            and not exists (select from delivery d
              where d.broadcast_id = b.id and d.page_id = bp.page_id and d.status = 'pending')
            and not exists (select from delivery d
              where d.broadcast_id = b.id and d.page_id = bp.page_id and d.status = 'sending')))
      order by b.id limit ${BATCH}`,
    [],
  );

export const listUnfinishedCancelled = (sql: Sql, now: Date): Promise<RowId[]> =>
  ids(
    sql,
    `select b.id from broadcast b
      where b.status = 'cancelled' and b.cancelled_at > $1
        and exists (select from delivery d where d.broadcast_id = b.id and d.status = 'pending')
      order by b.id limit ${BATCH}`,
    [new Date(now.getTime() - CANCELLED_WATCHED_MS)],
  );

/**
 * Pages that are open, have something due and have claimed nothing since `before`; each begins a new generation, so that
 * its jobs are not taken for lost ones. A Page that Meta throttles is waiting on purpose.
 */
export const reviveIdlePages = (
  sql: Sql,
  now: Date,
  before: Date,
): Promise<{ broadcastUuid: string; pageUuid: string; generation: number }[]> =>
  sql.rows(
    `update broadcast_page bp set generation = bp.generation + 1, last_claim_at = $1
      from broadcast b, page p
      where b.id = bp.broadcast_id and p.id = bp.page_id and b.status = 'sending' and bp.state = 'open'
        and p.state = 'active' and coalesce(bp.last_claim_at, b.updated_at) <= $2
        and not exists (select from page_pace pp where pp.page_id = p.id and pp.throttled_until > $1)
        and exists (select from delivery d
          where d.broadcast_id = b.id and d.page_id = p.id and d.status = 'pending' and d.due_at <= $1)
      returning b.public_id as "broadcastUuid", p.public_id as "pageUuid", bp.generation`,
    [now, before],
  );
