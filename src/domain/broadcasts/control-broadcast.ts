import type { Database, RowId, Tx } from '../sql.types';
import { viewOf, type BroadcastView, type ViewDeps } from './broadcast-view';
import type { BroadcastRow } from './broadcast.types';
import { wrongState } from './broadcasts.errors';
import { launchLocked, lockOwn, resumeLocked, save, wake, type ControlDeps } from './launch';
import { closeAllPages } from './page-state.store';
import { transition } from './state.rules';

export type ControlBroadcastDeps = ControlDeps & ViewDeps;

export interface OwnBroadcast {
  readonly accountId: RowId;
  readonly broadcastUuid: string;
}

type Step = (tx: Tx, row: BroadcastRow, now: Date) => Promise<BroadcastRow>;

/**
 * Schedules or starts a broadcast. Launching twice is the same as once.
 *
 * @throws {UserError} `broadcast_not_found`, `broadcast_state`, `broadcast_invalid`, `broadcast_blocked`
 */
export const makeLaunchBroadcast = (deps: ControlBroadcastDeps) => makeStep(deps, launchLocked);

/** Stops claiming; messages already claimed still go out. @throws {UserError} `broadcast_not_found`, `broadcast_state` */
export const makePauseBroadcast = (deps: ControlBroadcastDeps) => makeStep(deps, pauseLocked);

/** @throws {UserError} `broadcast_not_found`, `broadcast_state`, `broadcast_blocked` */
export const makeResumeBroadcast = (deps: ControlBroadcastDeps) => makeStep(deps, resumeLocked);

/**
 * Ends a broadcast for good: what is pending is skipped, what has been claimed still goes out.
 *
 * Many pending rows take longer than a call should; the sweeper skips the rest.
 *
 * @throws {UserError} `broadcast_not_found`, `broadcast_state`
 */
export function makeCancelBroadcast(deps: ControlBroadcastDeps) {
  const cancel = makeLockedStep(deps, cancelLocked);
  return async (input: OwnBroadcast): Promise<BroadcastView> => {
    const row = await cancel(input);
    await skipPending(deps.db, row.id, deps.clock.now(), INLINE_BATCHES);
    return viewOf(deps, row);
  };
}

function makeStep(deps: ControlBroadcastDeps, step: Step) {
  const change = makeLockedStep(deps, step);
  return async (input: OwnBroadcast): Promise<BroadcastView> => viewOf(deps, await change(input));
}

function makeLockedStep(deps: ControlBroadcastDeps, step: Step) {
  return async ({ accountId, broadcastUuid }: OwnBroadcast): Promise<BroadcastRow> => {
    const row = await deps.db.transaction(async (tx) =>
      step(tx, await lockOwn(tx, accountId, broadcastUuid), deps.clock.now()),
    );
    await wake(deps, row);
    return row;
  };
}

const pauseLocked: Step = async (tx, row, now) => {
  const answer = transition(row.status, 'pause');
  if (!answer.ok) throw wrongState(row.status, 'pause');
  if (answer.to === 'same') return row;
  return save(tx, { ...row, status: 'paused', statusBeforePause: row.status }, now);
};

const cancelLocked: Step = async (tx, row, now) => {
  const answer = transition(row.status, 'cancel');
  if (!answer.ok) throw wrongState(row.status, 'cancel');
  if (answer.to === 'same') return row;
  await closeAllPages(tx, row.id);
  return save(tx, { ...row, status: 'cancelled', blockedReason: null, statusBeforePause: null, cancelledAt: now }, now);
};

const CANCEL_BATCH_ROWS = 5_000;
/** 25,000 rows: about a second. */
const INLINE_BATCHES = 5;

/**
 * Skips the pending rows of a broadcast that has been cancelled, each batch in its own transaction.
 *
 * Rows somebody else holds are left to the next run: waiting for them would order locks against an unsubscribe.
 *
 * @returns how many rows it skipped
 */
export async function skipPending(db: Database, broadcastId: RowId, now: Date, maxBatches: number): Promise<number> {
  let skipped = 0;
  for (let batch = 0; batch < maxBatches; batch += 1) {
    const touched = await db.run(
      `with batch as materialized (
         select seq from delivery
          where broadcast_id = $1 and status = 'pending'
          order by page_id, seq limit $3 for update skip locked)
       update delivery d set status = 'skipped', reason = 'cancelled', due_at = null, settled_at = $2
        from batch where d.broadcast_id = $1 and d.seq = batch.seq and d.status = 'pending'`,
      [broadcastId, now, CANCEL_BATCH_ROWS],
    );
    skipped += touched;
    if (touched < CANCEL_BATCH_ROWS) break;
  }
  return skipped;
}
