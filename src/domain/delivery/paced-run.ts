import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../kernel/clock';
import { slotAt, type Slot } from './pace.rules';
import type { ReserveAnswer } from './pace.store';
import { TOO_LATE, type Sender } from './sender-port.types';
import type { SendOutcome } from './sender.types';

/** What may still happen to the messages of one chunk; asked before every POST. */
export interface SendGuard<Item> {
  /** Nothing of this chunk starts any more. */
  stopped(): boolean;
  /** This message is not sent any more, by its own fault or its lead's. */
  dropped(item: Item): boolean;
  /** Whether a POST may start in this moment. */
  mayStart(nowMs: number): boolean;
  /** No POST starts after this moment. */
  readonly deadlineMs: number;
}

export interface PacedRun<Item> {
  readonly items: readonly Item[];
  readonly bodyOf: (item: Item) => string;
  readonly metaPageId: string;
  readonly token: string;
  readonly intervalMs: number;
  readonly reserve: (slots: number) => Promise<ReserveAnswer>;
  readonly guard: SendGuard<Item>;
  /** Called with each answer as it comes, to stop what must not go on. */
  readonly onOutcome: (item: Item, outcome: SendOutcome) => void;
}

export interface Posted<Item> {
  readonly item: Item;
  readonly outcome: SendOutcome;
  /** null when nothing left. */
  readonly postStartedAt: Date | null;
}

export interface PacedDeps {
  readonly clock: Clock;
  readonly sender: Sender;
  /** Waits on the monotonic clock; a test gives its own. */
  readonly sleep?: (ms: number) => Promise<unknown>;
}

/** Longest sleep at a time: so soon a chunk notices that it must stop. */
const NAP_MS = 50;

interface Flight {
  /** Resolves when the POST has started or will not. */
  readonly decided: Promise<void>;
  readonly ended: Promise<void>;
}

/**
 * Sends each message at its own slot and waits for all answers.
 *
 * Messages without an entry in the result have not been sent: nothing of them left.
 */
export async function sendPaced<Item>(deps: PacedDeps, run: PacedRun<Item>): Promise<Posted<Item>[]> {
  const waiting = [...run.items];
  const posted: Posted<Item>[] = [];
  const undecided = new Set<Promise<void>>();
  const flights: Promise<void>[] = [];
  while (!run.guard.stopped()) {
    if (waiting.length === 0 && undecided.size > 0) await Promise.race(undecided);
    dropGone(waiting, run.guard);
    if (waiting.length === 0) {
      if (undecided.size === 0) break;
      continue;
    }
    const requestedMs = deps.clock.monotonicMs();
    if (requestedMs > run.guard.deadlineMs) break;
    // A fault of the database ends the chunk; the record that follows meets it too, and reports it.
    const answer = await run.reserve(waiting.length).catch(() => null);
    const call = { requestedMs, answeredMs: deps.clock.monotonicMs() };
    if (answer?.kind !== 'reserved') break;
    const slots = waiting.length;
    for (let index = 0; index < slots && waiting.length > 0; index += 1) {
      const slot = slotAt(answer, call, index, run.intervalMs);
      if (!(await reach(deps, run, slot))) break;
      const item = nextItem(waiting, run.guard);
      if (item === undefined || deps.clock.monotonicMs() > slot.closesMs) continue; // forfeited, never caught up
      waiting.shift();
      const flight = launch(
        deps,
        run,
        item,
        slot,
        (done) => void (done === null ? waiting.push(item) : posted.push(done)),
      );
      undecided.add(flight.decided);
      void flight.decided.then(() => undecided.delete(flight.decided));
      flights.push(flight.ended);
    }
  }
  await Promise.all(flights);
  return posted;
}

function nextItem<Item>(waiting: Item[], guard: SendGuard<Item>): Item | undefined {
  dropGone(waiting, guard);
  return waiting[0];
}

function dropGone<Item>(waiting: Item[], guard: SendGuard<Item>): void {
  while (waiting[0] !== undefined && guard.dropped(waiting[0])) waiting.shift();
}

/** @returns false when the slot will never be used */
async function reach<Item>(
  { clock, sleep = delay }: PacedDeps,
  { guard }: PacedRun<Item>,
  slot: Slot,
): Promise<boolean> {
  if (slot.opensMs > guard.deadlineMs) return false;
  for (;;) {
    if (guard.stopped()) return false;
    const aheadMs = slot.opensMs - clock.monotonicMs();
    if (aheadMs <= 0) return true;
    await sleep(Math.min(NAP_MS, Math.ceil(aheadMs)));
  }
}

function launch<Item>(
  { clock, sender }: PacedDeps,
  run: PacedRun<Item>,
  item: Item,
  slot: Slot,
  done: (posted: Posted<Item> | null) => void,
): Flight {
  const { guard } = run;
  let postStartedAt: Date | null = null;
  let decide: () => void = () => undefined;
  const decided = new Promise<void>((resolve) => (decide = resolve));
  const mayStart = (): boolean => {
    const nowMs = clock.monotonicMs();
    const refused =
      nowMs > slot.closesMs ||
      nowMs > guard.deadlineMs ||
      guard.stopped() ||
      guard.dropped(item) ||
      !guard.mayStart(nowMs);
    if (refused) return false;
    postStartedAt = clock.now();
    decide();
    return true;
  };
  const { metaPageId, token } = run;
  const ended = sender.send({ metaPageId, token, bodyText: run.bodyOf(item), mayStart }).then((outcome) => {
    if (outcome.kind === 'not-sent' && outcome.cause === TOO_LATE) done(null);
    else {
      run.onOutcome(item, outcome);
      done({ item, outcome, postStartedAt });
    }
    decide();
  });
  return { decided, ended };
}
