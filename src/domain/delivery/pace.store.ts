import type { RowId, Sql } from '../sql.types';
import type { Reservation } from './pace.rules';

export type ReserveAnswer =
  | ({ readonly kind: 'reserved' } & Reservation)
  /** No call may be made before `delayMs` have passed. */
  | { readonly kind: 'throttled'; readonly delayMs: number };

/** Slots reach a few seconds ahead at most; what lies further came from a server clock that was set back. */
const FURTHEST_AHEAD = `interval '10 seconds'`;

/**
 * Takes the next `slots` slots of a Page, in one statement and without a transaction around it: the row lock is held
 * for microseconds. The answer counts from the server's clock as it answers; no wall time crosses to the worker.
 *
 * Its commit does not wait for the disk, because the answer must come within the tolerance of a slot. A crash of the
 * server may take back the last reservations; their senders stop by then, as they cannot read their leads again.
 */
export async function reserveSlots(sql: Sql, pageId: RowId, slots: number, intervalMs: number): Promise<ReserveAnswer> {
  const row = await sql.first<{ delayMs: number }>(
    `with quick as materialized (select set_config('synchronous_commit', 'off', true))
     update page_pace set next_free_at =
        greatest(least(next_free_at, clock_timestamp() + ${FURTHEST_AHEAD}), clock_timestamp())
        + make_interval(secs => $2::float8)
      from quick where page_id = $1 and (throttled_until is null or throttled_until <= clock_timestamp())
      returning (extract(epoch from next_free_at - make_interval(secs => $2::float8) - clock_timestamp()) * 1000)::float8
        as "delayMs"`,
    [pageId, (slots * intervalMs) / 1_000],
  );
  if (row !== undefined) return { kind: 'reserved', delayMs: row.delayMs };
  return { kind: 'throttled', delayMs: await throttledForMs(sql, pageId) };
}

async function throttledForMs(sql: Sql, pageId: RowId): Promise<number> {
  const row = await sql.first<{ delayMs: number }>(
    `select greatest(0, extract(epoch from throttled_until - clock_timestamp()) * 1000)::float8 as "delayMs"
      from page_pace where page_id = $1`,
    [pageId],
  );
  return row?.delayMs ?? 0;
}

/** 60 s, doubled each time up to 60 min. A Page that was left alone for 10 minutes after its last wait begins anew. */
const THROTTLE = `
  update page_pace set
    throttle_level = case when throttled_until > clock_timestamp() then throttle_level
      when throttled_until < clock_timestamp() - interval '10 minutes' then 1
      else least(throttle_level + 1, 7) end,
    throttled_until = case when throttled_until > clock_timestamp()
        then greatest(throttled_until, clock_timestamp() + make_interval(secs => coalesce($1::float8, 0)))
      else clock_timestamp() + make_interval(secs => coalesce($1::float8, least(3600, 60 * power(2,
        case when throttled_until < clock_timestamp() - interval '10 minutes' then 0 else least(throttle_level, 6) end))))
      end`;

/**
 * Stops all calls of a Page for a while: Meta counts calls made while throttled and lengthens the time.
 *
 * Several throttle answers of the same burst are one: they do not raise the level.
 *
 * @param retryAfterMs what Meta named; null for the next step of 60 s to 60 min
 */
export const throttlePage = (sql: Sql, pageId: RowId, retryAfterMs: number | null): Promise<number> =>
  sql.run(`${THROTTLE} where page_id = $2`, [seconds(retryAfterMs), pageId]);

/** For the limits of the whole app. Rows are locked in order, so that two of these cannot deadlock. */
export const throttleAllPages = (sql: Sql, retryAfterMs: number | null): Promise<number> =>
  sql.run(
    `with locked as materialized (select page_id from page_pace order by page_id for update)
     ${THROTTLE} where page_id in (select page_id from locked)`,
    [seconds(retryAfterMs)],
  );

const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1_000);
