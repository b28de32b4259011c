import type { RowId, Sql, Tx } from '../sql.types';

/** A broadcast's Page that may send now, as its jobs name it. */
interface OpenPage {
  readonly uuid: string;
  readonly generation: number;
}

/** Why a Page of one broadcast is blocked that may send otherwise: the message has to be looked at, not the Page. */
export const CONTENT_REFUSED = 'content_refused';

/** `all`: a person let the broadcast go on. `own-stop`: the Page was started again, which says nothing of the message. */
export type RevivedBlocks = 'all' | 'own-stop';

/**
 * Opens the blocked Pages of a locked broadcast that may send again, and begins a new generation on each open one, so
 * that the jobs made for it are not taken for old ones. Refusals of the content are counted anew.
 */
export async function reviveOpenPages(tx: Tx, broadcastId: RowId, blocks: RevivedBlocks): Promise<void> {
  await tx.run(
    `update broadcast_page bp set state = 'open', blocked_reason = null, generation = generation + 1, refused_in_a_row = 0
      from page p where p.id = bp.page_id and bp.broadcast_id = $1
       and (bp.state = 'open' or (bp.state = 'blocked' and p.state = 'active'
         and ($2 = 'all' or bp.blocked_reason is distinct from '${CONTENT_REFUSED}')))`,
    [broadcastId, blocks],
  );
}

/** @returns false when the Page was not open, so that whoever blocks it first tells of it once */
export async function blockOpenPage(tx: Tx, broadcastId: RowId, pageId: RowId, reason: string): Promise<boolean> {
  const touched = await tx.run(
    `update broadcast_page set state = 'blocked', blocked_reason = $3
      where broadcast_id = $1 and page_id = $2 and state = 'open'`,
    [broadcastId, pageId, reason],
  );
  return touched === 1;
}

export const listOpenPages = (sql: Sql, broadcastId: RowId): Promise<OpenPage[]> =>
  sql.rows<OpenPage>(
    `select p.public_id as uuid, bp.generation from broadcast_page bp join page p on p.id = bp.page_id
      where bp.broadcast_id = $1 and bp.state = 'open' order by p.id`,
    [broadcastId],
  );

export interface PageStateCount {
  readonly open: number;
  readonly blocked: number;
  /** Why one of the blocked Pages is. */
  readonly reason: string | null;
}

export async function countPageStates(sql: Sql, broadcastId: RowId): Promise<PageStateCount> {
  const row = await sql.first<PageStateCount>(
    `select count(*) filter (where state = 'open')::int as open, count(*) filter (where state = 'blocked')::int as blocked,
       min(blocked_reason) filter (where state = 'blocked') as reason
      from broadcast_page where broadcast_id = $1`,
    [broadcastId],
  );
  return row ?? { open: 0, blocked: 0, reason: null };
}

/** Marks the Pages of a broadcast on which nothing is left to do. */
export const closeFinishedPages = (tx: Tx, broadcastId: RowId): Promise<number> =>
  tx.run(
    `update broadcast_page bp set state = 'done', blocked_reason = null
      where bp.broadcast_id = $1 and bp.state <> 'done'
       and not exists (select from delivery d where d.broadcast_id = $1 and d.page_id = bp.page_id and d.status = 'pending')
       and not exists (select from delivery d where d.broadcast_id = $1 and d.page_id = bp.page_id and d.status = 'sending')
       and not exists (select from delivery d where d.broadcast_id = $1 and d.page_id = bp.page_id and d.status = 'held')`,
    [broadcastId],
  );

export const closeAllPages = (tx: Tx, broadcastId: RowId): Promise<number> =>
  tx.run(`update broadcast_page set state = 'done', blocked_reason = null where broadcast_id = $1`, [broadcastId]);

/** A Page that was done has something to send again. */
export const reopenDonePage = (tx: Tx, broadcastId: RowId, pageId: RowId): Promise<number> =>
  tx.run(
    `update broadcast_page bp set generation = generation + 1, refused_in_a_row = 0,
       state = case when p.state = 'active' then 'open' else 'blocked' end,
       blocked_reason = case when p.state <> 'active' then coalesce(p.stop_reason, p.state) end
      from page p where p.id = bp.page_id and bp.broadcast_id = $1 and bp.page_id = $2 and bp.state = 'done'`,
    [broadcastId, pageId],
  );
