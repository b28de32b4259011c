import type { RowId, Sql, Tx } from '../sql.types';
import { findBroadcast, lockBroadcast } from './broadcast.store';
import type { BroadcastRow } from './broadcast.types';
import { save, wake, type ControlDeps } from './launch';
import {
  blockOpenPage,
  closeFinishedPages,
  countPageStates,
  reopenDonePage,
  reviveOpenPages,
  type PageStateCount,
} from './page-state.store';
import { transition } from './state.rules';

export interface BroadcastPageRef {
  readonly broadcastId: RowId;
  readonly pageId: RowId;
}

/**
 * Stops one Page of a broadcast; the others go on. The broadcast itself is blocked when nothing else is left to do.
 *
 * Locks the broadcast, so no lead may be locked after it in this transaction.
 */
export async function blockPage(tx: Tx, ref: BroadcastPageRef, reason: string, now: Date): Promise<void> {
  const row = await lockBroadcast(tx, ref.broadcastId);
  if (row === undefined || !transition(row.status, 'block').ok) return;
  if (await blockOpenPage(tx, row.id, ref.pageId, reason)) await settleLocked(tx, row, now);
}

/** Blocks a stopped Page in every broadcast that still has to send on it. Call it in the transaction that stops the Page. */
export async function blockBroadcastsOfPage(tx: Tx, pageId: RowId, reason: string, now: Date): Promise<void> {
  for (const broadcastId of await listBroadcastsOfPage(tx, pageId, 'open')) {
    await blockPage(tx, { broadcastId, pageId }, reason, now);
  }
}

/**
 * Lets the broadcasts of a Page go on that is active again. A paused one stays paused.
 *
 * For the transaction that makes the Page active, after that change; their jobs come from the sweeper, or from
 * `makeWakeBroadcast` after the commit.
 *
 * @returns public ids of the broadcasts that go on
 */
export async function reopenBroadcastsOfPage(tx: Tx, pageId: RowId, now: Date): Promise<string[]> {
  const reopened: string[] = [];
  for (const broadcastId of await listBroadcastsOfPage(tx, pageId, 'blocked')) {
    const row = await unblockLocked(tx, broadcastId, now);
    if (row?.status === 'sending') reopened.push(row.uuid);
  }
  return reopened;
}

/** The same in a transaction of its own, with the jobs. @returns how many broadcasts go on */
export function makeReopenPages(deps: ControlDeps) {
  return async (pageId: RowId): Promise<number> => {
    const uuids = await deps.db.transaction((tx) => reopenBroadcastsOfPage(tx, pageId, deps.clock.now()));
    for (const uuid of uuids) {
      const row = await findBroadcast(deps.db, uuid);
      if (row !== undefined) await wake(deps, row);
    }
    return uuids.length;
  };
}

async function unblockLocked(tx: Tx, broadcastId: RowId, now: Date): Promise<BroadcastRow | null> {
  const row = await lockBroadcast(tx, broadcastId);
  if (row === undefined) return null;
  const answer = transition(row.status, 'unblock');
  if (!answer.ok) return null;
  await reviveOpenPages(tx, row.id, 'own-stop');
  const pages = await countPageStates(tx, row.id);
  if (answer.to !== 'sending' || pages.open === 0) return row;
  return save(tx, { ...row, status: 'sending', blockedReason: null, statusBeforePause: null }, now);
}

async function listBroadcastsOfPage(sql: Sql, pageId: RowId, state: 'open' | 'blocked'): Promise<RowId[]> {
  const rows = await sql.rows<{ id: RowId }>(
    `select b.id from broadcast_page bp join broadcast b on b.id = bp.broadcast_id
      where bp.page_id = $1 and bp.state = $2 and b.frozen_at is not null
        and b.status in ('sending', 'holding', 'paused', 'blocked')
      order by b.id`,
    [pageId, state],
  );
  return rows.map((row) => row.id);
}

/**
 * Opens a broadcast again because one of its rows went back to `pending`. Call it in the transaction that changed the
 * row, after the change; enqueue the jobs of `makeWakeBroadcast` after the commit.
 *
 * @returns false when the broadcast is over for good: the sweeper will skip the row
 */
export async function reopenBroadcast(tx: Tx, { broadcastId, pageId }: BroadcastPageRef, now: Date): Promise<boolean> {
  const row = await lockBroadcast(tx, broadcastId);
  if (row === undefined) return false;
  const answer = transition(row.status, 'reopen');
  if (!answer.ok) return false;
  await reopenDonePage(tx, row.id, pageId);
  if (answer.to === 'same') return true;
  const opened = await save(tx, { ...row, status: 'sending', completedAt: null }, now);
  await settleLocked(tx, opened, now);
  return true;
}

/**
 * Brings a locked broadcast in line with its rows: finished Pages are closed, and when none is open it is blocked or
 * completed. Row changes made before the lock was taken are seen, later ones take the same lock.
 */
export async function settleLocked(tx: Tx, row: BroadcastRow, now: Date): Promise<BroadcastRow> {
  await closeFinishedPages(tx, row.id);
  if (row.status !== 'sending' && row.status !== 'holding') return row;
  const pages = await countPageStates(tx, row.id);
  const change = settledState(pages, now);
  return change === null ? row : save(tx, { ...row, ...change }, now);
}

function settledState(
  pages: PageStateCount,
  now: Date,
): Pick<BroadcastRow, 'status' | 'blockedReason' | 'completedAt'> | null {
  if (pages.open > 0) return null;
  if (pages.blocked > 0) return { status: 'blocked', blockedReason: pages.reason, completedAt: null };
  return { status: 'completed', blockedReason: null, completedAt: now };
}
