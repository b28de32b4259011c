import type { RowId, Sql } from '../sql.types';

/** Longer than a chunk can live: 5 s to its last POST, 10 s for the answer, the record. */
const LEASE = `interval '30 seconds'`;

/** Beside the lanes for bulk, one for replies. */
const REPLY_LANE = 2;

/**
 * Takes one of the Page's lanes, the preferred one if it is free.
 *
 * @returns null when as many chunks of this Page are in flight as there are lanes
 */
export async function takeLane(sql: Sql, pageId: RowId, preferred: number, holder: string): Promise<number | null> {
  const row = await sql.first<{ lane: number }>(
    `update page_lane set holder = $3, held_until = clock_timestamp() + ${LEASE}
      where page_id = $1 and lane = (
        select lane from page_lane
         where page_id = $1 and lane < ${REPLY_LANE} and (holder is null or held_until < clock_timestamp())
         order by lane <> $2, lane limit 1 for update skip locked)
      returning lane`,
    [pageId, preferred, holder],
  );
  return row?.lane ?? null;
}

/** Does nothing when the lease ran out and somebody else holds the lane. */
export const releaseLane = (sql: Sql, pageId: RowId, lane: number, holder: string): Promise<number> =>
  sql.run(`update page_lane set holder = null, held_until = null where page_id = $1 and lane = $2 and holder = $3`, [
    pageId,
    lane,
    holder,
  ]);

/**
 * Takes or keeps the reply lane for one chain of jobs. Every arriving message asks for a job; without this a thousand of
 * them would go round for as long as one reply is due.
 *
 * @returns false when another chain is on it
 */
export async function holdReplyLane(sql: Sql, pageId: RowId, chain: string, holdMs: number): Promise<boolean> {
  const held = await sql.run(
    `insert into page_lane as l (page_id, lane, holder, held_until)
     values ($1, ${REPLY_LANE}, $2, clock_timestamp() + make_interval(secs => $3::float8 / 1000))
     on conflict on constraint page_lane_pkey do update set holder = excluded.holder, held_until = excluded.held_until
      where l.holder is null or l.holder = excluded.holder or l.held_until < clock_timestamp()`,
    [pageId, chain, holdMs],
  );
  return held === 1;
}

export const releaseReplyLane = (sql: Sql, pageId: RowId, chain: string): Promise<number> =>
  releaseLane(sql, pageId, REPLY_LANE, chain);
