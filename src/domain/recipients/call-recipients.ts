import type { Clock } from '../../kernel/clock';
import type { Log } from '../../kernel/log';
import type { KeyRing } from '../keyring.types';
import type { Database } from '../sql.types';
import { postOf, waitAfter } from './call.rules';
import {
  claimCalls,
  expireCalls,
  insertCall,
  putOffCall,
  readQueued,
  settleCall,
  settleOthers,
  type ClaimedCall,
} from './call.store';
import { openCall } from './sealed-call';
import type { PostToRecipient, SealedCalls } from './recipients.types';

/** Longer than the longest post, so that nobody else takes a call that is being made. */
const LEASE_MS = 60_000;
const LIMITS = { calls: 60, ofOne: 20 };
/** Of one turn; the next goes on. */
const MOST_ROUNDS = 10;
const BATCH = 1_000;

export interface CallRecipientsDeps {
  readonly db: Database;
  readonly keyRing: Pick<KeyRing, 'systemKey'>;
  readonly sealedCalls: SealedCalls;
  readonly clock: Clock;
  readonly log: Log;
  readonly post: PostToRecipient;
}

/**
 * Makes the calls that are due, and gives up those whose time is over. A process that dies after a recipient took one makes it again,
 * with the same id. What was to be told is destroyed with the end of a call.
 *
 * @returns how many were taken
 */
export const makeCallRecipients = (deps: CallRecipientsDeps) => async (): Promise<number> => {
  await giveUp(deps);
  let notified = 0;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const now = deps.clock.now();
    const claimed = await claimCalls(deps.db, now, new Date(now.getTime() + LEASE_MS), LIMITS);
    if (claimed.length === 0) break;
    const outcomes = await Promise.allSettled(claimed.map((call) => makeCall(deps, call)));
    notified += outcomes.filter((outcome) => outcome.status === 'fulfilled' && outcome.value).length;
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason as Error;
  }
  if (notified > 0) deps.log.event('recipients.notified', { count: notified });
  return notified;
};

async function giveUp({ db, clock, log, sealedCalls }: CallRecipientsDeps): Promise<void> {
  const expired = await expireCalls(db, clock.now());
  for (const uuid of expired) await sealedCalls.drop(uuid);
  if (expired.length > 0) log.warn('recipients.given_up', { count: expired.length });
}

async function makeCall(deps: CallRecipientsDeps, call: ClaimedCall): Promise<boolean> {
  const content = await openCall(deps, call.uuid, deps.clock.now());
  if (content === null) {
    await end(deps, call, 'failed', 'content_gone');
    return false;
  }
  const outcome = await deps.post(postOf({ ...content, id: call.uuid }, deps.clock.now()));
  if (outcome.kind === 'taken') {
    await end(deps, call, 'notified', null);
    return true;
  }
  const now = deps.clock.now();
  const dueAt = new Date(Math.min(now.getTime() + waitAfter(call.attempts), call.expiresAt.getTime()));
  await putOffCall(deps.db, call, dueAt, outcome.code);
  deps.log.warn('recipients.call_failed', { reason: outcome.code, attempt: call.attempts });
  return false;
}

/** The row first: a file that stays is found by its row, and a row without its file would count as failed. */
async function end(
  { db, clock, sealedCalls }: CallRecipientsDeps,
  { id, uuid }: ClaimedCall,
  state: 'notified' | 'failed',
  code: string | null,
): Promise<void> {
  await settleCall(db, { id, state, code, at: clock.now() });
  await sealedCalls.drop(uuid);
}

type FileDeps = Pick<CallRecipientsDeps, 'db' | 'keyRing' | 'sealedCalls' | 'clock'>;

/**
 * Destroys what is left of calls that have ended, and of those whose time is over, also where no row names them.
 *
 * @returns how many files went
 */
export const makeDropEndedCalls = (deps: FileDeps) => async (): Promise<number> => {
  let dropped = await deps.sealedCalls.dropUnfinished();
  const all = await deps.sealedCalls.ids();
  for (let at = 0; at < all.length; at += BATCH) {
    const ids = all.slice(at, at + BATCH);
    const queued = await readQueued(deps.db, ids);
    for (const id of ids) {
      if (queued.get(id) === true) continue;
      // Without a row: of a transaction that is under way, or was undone and is tried again.
      if (!queued.has(id) && (await openCall(deps, id, deps.clock.now())) !== null) continue;
      await deps.sealedCalls.drop(id);
      dropped += 1;
    }
  }
  return dropped;
};

/**
 * Gives a restored database the calls that are still to be made, as the files have them: those that it lacks come, and those that ended
 * since its backup end.
 *
 * @returns how many are to be made
 */
export async function adoptCalls(deps: FileDeps): Promise<number> {
  const { db, clock } = deps;
  const open: string[] = [];
  for (const id of await deps.sealedCalls.ids()) {
    const content = await openCall(deps, id, clock.now());
    if (content === null) continue;
    const { accountId, recipientUuid, erasureUuid } = content;
    await insertCall(db, {
      uuid: id,
      accountId,
      recipientUuid,
      erasureUuid,
      createdAt: new Date(content.createdAt),
      expiresAt: new Date(content.expiresAt),
    });
    open.push(id);
  }
  await settleOthers(db, open, clock.now());
  return open.length;
}
