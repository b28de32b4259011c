import type { RowId, Sql } from '../sql.types';
import type { StatsRow } from './stats.rules';

/**
 * One snapshot of a broadcast's deliveries, grouped, and what was counted before single receipts were forgotten. Reads every row of
 * it: about 0.3 s for a million.
 */
export const readStatsRows = (sql: Sql, broadcastId: RowId): Promise<StatsRow[]> =>
  sql.rows<StatsRow>(
    `select page_id as "pageId", status, reason, count(*)::int as count, count(delivered_at)::int as delivered,
       count(read_at)::int as read, count(clicked_at)::int as clicked, count(unsubscribed_at)::int as unsubscribed
      from delivery where broadcast_id = $1 group by page_id, status, reason
     union all
     select page_id, 'accepted', null, 0, delivered_kept, read_kept, 0, 0
      from broadcast_page where broadcast_id = $1 and (delivered_kept > 0 or read_kept > 0)`,
    [broadcastId],
  );
