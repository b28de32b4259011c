import { codeOf } from '../../kernel/errors';
import { leadTransaction } from '../leads';
import type { Tx } from '../sql.types';
import { ended, type AppliedEvent, type EventOutcome } from './applied-event';
import { applyEvent } from './apply-event';
import { openBody, openNonces, readBody, sealNonces, type ReadBody } from './body';
import type { InboundKind, ParsedEvent } from './inbound.types';
import type { ApplyEventDeps, DrainInboxDeps } from './inbox.deps.types';
import { deferBody, deleteBody, leaseBody, takeDue, type InboxRow } from './inbox.store';
import { DayKeyMissing, makeDayKeys, withDayKeys, type DayKeys } from './day-keys';
import { makeNudge } from './nudge';

const LANES = 4;
/** A body of many events is left to one worker for so long; should that worker die, another goes on afterwards. */
const LEASE_MS = 120_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 3_600_000;
const MOST_DOUBLINGS = 12;

export interface DrainInboxInput {
  /** Bodies to work at most. */
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
}

export interface EventCount {
  readonly kind: InboundKind;
  readonly outcome: EventOutcome;
  readonly count: number;
}

export interface DrainedInbox {
  readonly bodies: number;
  /** Bodies whose events could not all be worked; they come again later. */
  readonly failed: number;
  readonly notUnderstood: number;
  readonly events: readonly EventCount[];
}

interface Applied extends AppliedEvent {
  readonly kind: InboundKind;
}

interface Several {
  readonly kind: 'several';
  readonly row: InboxRow;
  readonly body: ReadBody;
}

type Taken =
  | { readonly kind: 'empty' | 'not_understood' }
  | { readonly kind: 'done'; readonly applied: readonly Applied[] }
  | Several;

/** Puts a body back that cannot be worked in the transaction that took it. */
class PutBack extends Error {
  constructor(readonly body: ReadBody | null) {
    super('a body was put back');
  }
}

/**
 * Gives the bodies that wait their meaning, until none is due, the limit is reached or the signal comes.
 *
 * A body of one event is taken out and worked in one transaction. Of a body of several, each event has its own, so
 * that one that fails costs none of its neighbours; the last deletes the body. Whatever is worked twice after a crash
 * has one effect.
 */
export function makeDrainInbox(drain: DrainInboxDeps): (input: DrainInboxInput) => Promise<DrainedInbox> {
  const nudgeReplies = makeNudge(drain, (pageId, nudge) => ({ name: 'send-replies', pageId, turn: 0, nudge }));

  return async ({ limit, signal }) => {
    const keys = makeDayKeys(drain.keyRing);
    const deps: ApplyEventDeps = { ...drain, wasErasedSince: await drain.openTombstones(keys) };
    const tally = makeTally();
    let left = limit;
    const lane = async (): Promise<void> => {
      while (left > 0 && signal?.aborted !== true) {
        left -= 1;
        const taken = await takeOne(deps, keys, tally);
        if (taken.kind === 'empty') return;
        const applied =
          taken.kind === 'several'
            ? await applyEach(deps, keys, taken, { tally, signal })
            : taken.kind === 'done'
              ? taken.applied
              : [];
        for (const event of applied) {
          tally.count(event.kind, event.outcome);
          if (event.repliesFor !== null) nudgeReplies(event.repliesFor);
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(LANES, limit) }, lane));
    return tally.result();
  };
}

function makeTally() {
  const counts = new Map<string, EventCount>();
  return {
    bodies: 0,
    failed: 0,
    notUnderstood: 0,
    count(kind: InboundKind, outcome: EventOutcome): void {
      const key = `${kind}.${outcome}`;
      counts.set(key, { kind, outcome, count: (counts.get(key)?.count ?? 0) + 1 });
    },
    result(): DrainedInbox {
      const { bodies, failed, notUnderstood } = this;
      return { bodies, failed, notUnderstood, events: [...counts.values()] };
    },
  };
}

type Tally = ReturnType<typeof makeTally>;

async function takeOne(deps: ApplyEventDeps, keys: DayKeys, tally: Tally): Promise<Taken> {
  let row: InboxRow | undefined;
  for (;;) {
    try {
      const taken = await leadTransaction(deps, async (tx): Promise<Taken> => {
        row = undefined;
        row = await takeDue(tx, deps.clock.now());
        if (row === undefined) return { kind: 'empty' };
        return { kind: 'done', applied: await workBody(tx, deps, keys, row) };
      });
      if (taken.kind !== 'empty') tally.bodies += 1;
      return taken;
    } catch (error) {
      if (row === undefined) throw error;
      if (error instanceof DayKeyMissing && (await keys.load(error.day))) continue;
      if (error instanceof PutBack) return postpone(deps, keys, tally, row, error.body);
      tally.bodies += 1;
      if (await retryLater(deps, row, error)) tally.failed += 1;
      return { kind: 'done', applied: [] };
    }
  }
}

async function workBody(tx: Tx, deps: ApplyEventDeps, keys: DayKeys, row: InboxRow): Promise<readonly Applied[]> {
  const dayKey = keys.get(row.keyDay);
  const stored = openBody(dayKey, row.deliveryId, row.bodyCt);
  const nonces = row.noncesCt === null ? null : openNonces(dayKey, row.deliveryId, row.noncesCt);
  const body = readBody(deps.ids, { deliveryId: row.deliveryId, stored, nonces });
  if (body === null || body.events.filter((event) => event.kind !== 'ignored').length > 1) throw new PutBack(body);
  const applied: Applied[] = [];
  for (const event of body.events) {
    applied.push({ kind: event.kind, ...(await applyEvent(tx, deps, body.signed, event)) });
  }
  return applied;
}

async function postpone(
  deps: ApplyEventDeps,
  keys: DayKeys,
  tally: Tally,
  row: InboxRow,
  body: ReadBody | null,
): Promise<Taken> {
  const nowMs = deps.clock.now().getTime();
  if (body === null) {
    const dueAt = new Date(nowMs + LONGEST_RETRY_MS);
    if (!(await deferBody(deps.db, row, row.attempts + 1, dueAt))) return { kind: 'not_understood' };
    tally.bodies += 1;
    if (row.attempts === 0) tally.notUnderstood += 1;
    return { kind: 'not_understood' };
  }
  const noncesCt = row.noncesCt ?? sealNonces(keys.get(row.keyDay), body);
  const dueAt = new Date(nowMs + LEASE_MS);
  if (!(await leaseBody(deps.db, row, noncesCt, dueAt))) return { kind: 'done', applied: [] };
  tally.bodies += 1;
  return { kind: 'several', row: { ...row, dueAt }, body };
}

/** A stop between two events gives the body back at once; what was worked is remembered and has no second effect. */
async function applyEach(
  deps: ApplyEventDeps,
  keys: DayKeys,
  { row, body }: Several,
  { tally, signal }: { readonly tally: Tally; readonly signal: AbortSignal | undefined },
): Promise<Applied[]> {
  const applied: Applied[] = [];
  let fault: unknown;
  const last = body.events.at(-1);
  let isCut = false;
  for (const event of body.events) {
    isCut = signal?.aborted === true;
    if (isCut) break;
    try {
      const isEnd = event === last && fault === undefined;
      const alone = () => applyAlone(deps, body, event, isEnd ? row : null);
      applied.push({ kind: event.kind, ...(await withDayKeys(keys, alone)) });
    } catch (error) {
      fault = error;
      applied.push({ kind: event.kind, ...ended('failed') });
    }
  }
  if (fault !== undefined) {
    if (await retryLater(deps, row, fault)) tally.failed += 1;
  } else if (isCut) {
    await deferBody(deps.db, row, row.attempts, deps.clock.now());
  }
  return applied;
}

function applyAlone(
  deps: ApplyEventDeps,
  body: ReadBody,
  event: ParsedEvent,
  finished: InboxRow | null,
): Promise<AppliedEvent> {
  if (event.kind === 'ignored' && finished === null) return Promise.resolve(ended(event.reason));
  return leadTransaction(deps, async (tx) => {
    const applied = await applyEvent(tx, deps, body.signed, event);
    if (finished !== null) await deleteBody(tx, finished.id);
    return applied;
  });
}

async function retryLater(deps: ApplyEventDeps, row: InboxRow, error: unknown): Promise<boolean> {
  const attempts = row.attempts + 1;
  const waitMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(row.attempts, MOST_DOUBLINGS));
  deps.log.warn('inbox.body_failed', { attempt: attempts, code: codeOf(error) });
  return deferBody(deps.db, row, attempts, new Date(deps.clock.now().getTime() + waitMs));
}
