import type { RowId, Sql } from '../sql.types';

/** Longer than a chunk can live: 5 s to its last POST, 10 s for the answer, the record. */
const LEASE = `interval '30 seconds'`;

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
         where page_id = $1 and (holder is null or held_until < clock_timestamp())
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
