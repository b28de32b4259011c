import type { Log } from '../../kernel/log';
import type { RowId, Tx } from '../sql.types';
import { settleLocked } from './block-pages';
import { findBroadcast, lockBroadcast } from './broadcast.store';
import type { BroadcastRow } from './broadcast.types';
import { skipPending } from './control-broadcast';
import { blockLate } from './freeze-audience';
import { enqueueJobs, save, sendChunkJobs, wake, type ControlDeps } from './launch';
import { isLate, transition } from './state.rules';
import { listDue, listPreparing, listUnfinishedCancelled, listUnsettled, reviveIdlePages } from './sweep.store';

export type SweepDeps = ControlDeps & { readonly log: Log };

/** A freeze has this long before it is asked for again. Asking twice costs a job that finds nothing to do. */
const PREPARING_PATIENCE_MS = 5_000;
const CANCEL_BATCHES_A_SWEEP = 20;

/** Runs `step` on each broadcast, locked, in its own transaction; the step answers null when nothing was to do. */
async function sweep(
  deps: ControlDeps,
  broadcastIds: readonly RowId[],
  step: (tx: Tx, row: BroadcastRow, now: Date) => Promise<BroadcastRow | null>,
): Promise<BroadcastRow[]> {
  const changed: BroadcastRow[] = [];
  for (const id of broadcastIds) {
    const row = await deps.db.transaction(async (tx) => {
      const locked = await lockBroadcast(tx, id);
      return locked === undefined ? null : step(tx, locked, deps.clock.now());
    });
    if (row !== null) changed.push(row);
  }
  return changed;
}

/** Begins every broadcast whose time has come; one that comes too late is blocked until a person decides. */
export function makeStartDue(deps: SweepDeps) {
  return async (): Promise<{ readonly started: number; readonly late: number }> => {
    const due = await listDue(deps.db, deps.clock.now());
    const rows = await sweep(deps, due, (tx, row, now) => startLocked(tx, row, now));
    const late = rows.filter((row) => row.status === 'blocked');
    for (const row of late) deps.log.warn('broadcast.late', { broadcast: row.uuid });
    for (const row of rows) await wake(deps, row);
    return { started: rows.length - late.length, late: late.length };
  };
}

async function startLocked(tx: Tx, row: BroadcastRow, now: Date): Promise<BroadcastRow | null> {
  if (row.status !== 'scheduled' || row.startAt === null || row.startAt > now) return null;
  return isLate(row.startAt, now) ? blockLate(tx, row, now) : save(tx, { ...row, status: 'preparing' }, now);
}

/** Asks again for the freeze of broadcasts that wait for it: the job was lost, or its process died. */
export function makeRequeuePreparing(deps: SweepDeps) {
  return async (): Promise<number> => {
    const before = new Date(deps.clock.now().getTime() - PREPARING_PATIENCE_MS);
    const waiting = await listPreparing(deps.db, before);
    for (const id of waiting) {
      const row = await deps.db.transaction((tx) => lockBroadcast(tx, id));
      if (row !== undefined) await wake(deps, row);
    }
    return waiting.length;
  };
}

/**
 * Closes what its rows say is over: a Page without anything to send, and with the last one the broadcast, which is
 * then completed, or blocked when other Pages are.
 */
export function makeCompleteFinished(deps: SweepDeps) {
  return async (): Promise<{ readonly completed: number; readonly blocked: number }> => {
    const rows = await sweep(deps, await listUnsettled(deps.db), async (tx, row, now) =>
      transition(row.status, 'finish').ok ? settleLocked(tx, row, now) : null,
    );
    const completed = rows.filter((row) => row.status === 'completed');
    for (const row of completed) deps.log.event('broadcast.completed', { broadcast: row.uuid });
    return { completed: completed.length, blocked: rows.filter((row) => row.status === 'blocked').length };
  };
}

/** Skips what is still pending in cancelled broadcasts. @returns how many rows */
export function makeFinishCancelled(deps: SweepDeps) {
  return async (): Promise<number> => {
    const now = deps.clock.now();
    let skipped = 0;
    for (const id of await listUnfinishedCancelled(deps.db, now)) {
      skipped += await skipPending(deps.db, id, now, CANCEL_BATCHES_A_SWEEP);
    }
    return skipped;
  };
}

/** A Page at the lowest rate claims about once a second; a claim that waits for its slot is not yet lost. */
const IDLE_PATIENCE_MS = 15_000;

/** Starts the send jobs anew of Pages that have stood still with something due: their jobs were lost. */
export function makeRequeueIdlePages(deps: SweepDeps) {
  return async (): Promise<number> => {
    const now = deps.clock.now();
    const idle = await reviveIdlePages(deps.db, now, new Date(now.getTime() - IDLE_PATIENCE_MS));
    for (const page of idle) {
      await enqueueJobs(deps.queue, sendChunkJobs(page.broadcastUuid, page.pageUuid, page.generation));
    }
    return idle.length;
  };
}

/** Enqueues what moves a broadcast on from where it stands, for example after `reopenBroadcast`. */
export function makeWakeBroadcast(deps: ControlDeps) {
  return async (broadcastUuid: string): Promise<void> => {
    const row = await findBroadcast(deps.db, broadcastUuid);
    if (row !== undefined) await wake(deps, row);
  };
}
