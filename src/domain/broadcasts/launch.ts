import type { Clock } from '../../kernel/clock';
import type { Job, JobQueue } from '../../jobs';
import type { Database, RowId, Sql, Tx } from '../sql.types';
import { listBroadcastPages, lockOwnBroadcast, saveState } from './broadcast.store';
import type { BroadcastRow } from './broadcast.types';
import { broadcastNotFound, invalidBroadcast, stillBlocked, wrongState } from './broadcasts.errors';
import { countPageStates, listOpenPages, reviveOpenPages } from './page-state.store';
import { startStatus, transition, type BroadcastStatus } from './state.rules';

export interface ControlDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly queue: JobQueue;
}

export const LATE_START = 'late_start';

/** The row after a change; the statement has found it, so it is there. */
export async function save(tx: Tx, row: BroadcastRow, now: Date): Promise<BroadcastRow> {
  return (await saveState(tx, row, now)) ?? row;
}

/** @throws {UserError} `broadcast_not_found` */
export async function lockOwn(tx: Tx, accountId: RowId, uuid: string): Promise<BroadcastRow> {
  const row = await lockOwnBroadcast(tx, accountId, uuid);
  if (row === undefined) throw broadcastNotFound();
  return row;
}

/**
 * Sends a locked broadcast on its way. A second launch finds it on its way and changes nothing.
 *
 * @throws {UserError} `broadcast_state`, `broadcast_invalid`, `broadcast_blocked`
 */
export async function launchLocked(tx: Tx, row: BroadcastRow, now: Date): Promise<BroadcastRow> {
  const answer = transition(row.status, 'launch');
  if (!answer.ok) throw wrongState(row.status, 'launch');
  if (answer.to === 'same') return row;
  if (answer.to === 'back') return goBack(tx, row, now);
  await requireConnectedPages(tx, row.id);
  const base = row.scheduledAt !== null && row.scheduledAt > now ? row.scheduledAt : now;
  return save(
    tx,
    {
      ...row,
      status: startStatus(row.scheduledAt, now),
      startAt: new Date(base.getTime() + row.startDelaySeconds * 1_000),
      launchedAt: now,
    },
    now,
  );
}

async function requireConnectedPages(sql: Sql, broadcastId: RowId): Promise<void> {
  const pages = await listBroadcastPages(sql, broadcastId);
  const faults = pages.flatMap((page, place) =>
    page.pageState === 'disconnected' ? [{ pointer: `/page_ids/${place}`, detail: 'is disconnected' }] : [],
  );
  if (faults.length > 0) throw invalidBroadcast(faults);
}

/**
 * Lets a paused or blocked broadcast go on from where it stood.
 *
 * @throws {UserError} `broadcast_state`, `broadcast_blocked`
 */
export async function resumeLocked(tx: Tx, row: BroadcastRow, now: Date): Promise<BroadcastRow> {
  const answer = transition(row.status, 'resume');
  if (!answer.ok) throw wrongState(row.status, 'resume');
  return answer.to === 'back' ? goBack(tx, row, now) : row;
}

async function goBack(tx: Tx, row: BroadcastRow, now: Date): Promise<BroadcastRow> {
  const clear = { ...row, blockedReason: null, statusBeforePause: null };
  if (row.frozenAt === null) {
    await requireConnectedPages(tx, row.id);
    const isWaiting = row.startAt !== null && row.startAt > now;
    const status: BroadcastStatus = isWaiting && row.statusBeforePause !== 'preparing' ? 'scheduled' : 'preparing';
    return save(tx, { ...clear, status, startAt: isWaiting ? row.startAt : now }, now);
  }
  await reviveOpenPages(tx, row.id, 'all');
  const pages = await countPageStates(tx, row.id);
  if (pages.open === 0 && pages.blocked > 0) throw stillBlocked();
  return save(tx, { ...clear, status: 'sending' }, now);
}

/** The jobs by which a broadcast goes on from where it stands. */
async function jobsFor(sql: Sql, row: BroadcastRow, now: Date): Promise<readonly QueuedJob[]> {
  if (row.status === 'preparing') {
    const delayMs = Math.max(0, (row.startAt?.getTime() ?? 0) - now.getTime());
    return [{ job: { name: 'freeze-audience', broadcastId: row.uuid, generation: 0 }, delayMs }];
  }
  if (row.status !== 'sending') return [];
  const pages = await listOpenPages(sql, row.id);
  return pages.flatMap((page) => sendChunkJobs(row.uuid, page.uuid, page.generation));
}

/** A Page of a broadcast is sent in two lanes, so that one records while the other posts. */
export const sendChunkJobs = (broadcastId: string, pageId: string, generation: number): QueuedJob[] =>
  ([0, 1] as const).map((lane) => ({
    job: { name: 'send-chunk', broadcastId, pageId, generation, lane, turn: 0 },
    delayMs: 0,
  }));

export interface QueuedJob {
  readonly job: Job;
  readonly delayMs: number;
}

/** What is lost here is found again by the sweeper. */
export async function enqueueJobs(queue: JobQueue, jobs: readonly QueuedJob[]): Promise<void> {
  for (const { job, delayMs } of jobs) await queue.enqueue(job, { delayMs });
}

/** Enqueues what moves the broadcast on, after its transaction. */
export async function wake({ db, clock, queue }: ControlDeps, row: BroadcastRow): Promise<void> {
  await enqueueJobs(queue, await jobsFor(db, row, clock.now()));
}
