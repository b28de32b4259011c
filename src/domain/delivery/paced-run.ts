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
  /** A fault of ours at one message. The others' answers are still waited for, and are still in the result. */
  readonly onFault: (error: unknown) => void;
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

interface Progress<Item> {
  readonly waiting: Item[];
  readonly posted: Posted<Item>[];
  /** Calls handed over that have neither started nor been refused: a new connection is being made for them. */
  readonly undecided: Set<Promise<void>>;
  readonly flights: Promise<void>[];
}

/**
 * Sends each message at its own slot and waits for all answers.
 *
 * Messages without an entry in the result have not been sent: nothing of them left.
 */
export async function sendPaced<Item>(deps: PacedDeps, run: PacedRun<Item>): Promise<Posted<Item>[]> {
  const progress: Progress<Item> = { waiting: [...run.items], posted: [], undecided: new Set(), flights: [] };
  while (await hasMore(progress, run.guard)) {
    const requestedMs = deps.clock.monotonicMs();
    // A fault of the database ends the chunk; the record that follows meets it too, and reports it.
    const answer = await run.reserve(progress.waiting.length).catch(() => null);
    if (answer?.kind !== 'reserved') break;
    const call = { requestedMs, answeredMs: deps.clock.monotonicMs() };
    const isOver = await useSlots(deps, run, progress, (index) => slotAt(answer, call, index, run.intervalMs));
    if (isOver) break;
  }
  await Promise.all(progress.flights);
  return progress.posted;
}

async function hasMore<Item>({ waiting, undecided }: Progress<Item>, guard: SendGuard<Item>): Promise<boolean> {
  for (;;) {
    dropGone(waiting, guard);
    if (guard.stopped() || (waiting.length === 0 && undecided.size === 0)) return false;
    if (waiting.length > 0) return true;
    await Promise.race(undecided);
  }
}

/** Messages that were dropped leave the front of the line; those behind are looked at when they come to the front. */
function dropGone<Item>(waiting: Item[], guard: SendGuard<Item>): void {
  while (waiting[0] !== undefined && guard.dropped(waiting[0])) waiting.shift();
}

/** @returns true when no slot of this chunk will be used any more */
async function useSlots<Item>(
  deps: PacedDeps,
  run: PacedRun<Item>,
  progress: Progress<Item>,
  slotOf: (index: number) => Slot,
): Promise<boolean> {
  const { waiting, posted, undecided, flights } = progress;
  const slots = waiting.length;
  for (let index = 0; index < slots && waiting.length > 0; index += 1) {
    const slot = slotOf(index);
    if (!(await reach(deps, run.guard, slot))) return true;
    dropGone(waiting, run.guard);
    const item = waiting[0];
    if (item === undefined || deps.clock.monotonicMs() > slot.closesMs) continue; // forfeited, never caught up
    waiting.shift();
    const flight = launch(deps, run, item, slot);
    undecided.add(flight.decided);
    flights.push(
      flight.ended.then((post) => {
        if (post === null) waiting.push(item);
        else posted.push(post);
        undecided.delete(flight.decided);
      }),
    );
    void flight.decided.then(() => undecided.delete(flight.decided));
  }
  return false;
}

/** @returns false when the slot comes too late for this chunk, or the chunk has been stopped */
async function reach<Item>({ clock, sleep = delay }: PacedDeps, guard: SendGuard<Item>, slot: Slot): Promise<boolean> {
  if (slot.opensMs > guard.deadlineMs) return false;
  for (;;) {
    if (guard.stopped()) return false;
    const aheadMs = slot.opensMs - clock.monotonicMs();
    if (aheadMs <= 0) return true;
    await sleep(Math.min(NAP_MS, Math.ceil(aheadMs)));
  }
}

interface Flight<Item> {
  /** Resolves when the POST has started. */
  readonly decided: Promise<void>;
  /** null: nothing left, it takes another slot. */
  readonly ended: Promise<Posted<Item> | null>;
}

function launch<Item>({ clock, sender }: PacedDeps, run: PacedRun<Item>, item: Item, slot: Slot): Flight<Item> {
  const { guard, metaPageId, token } = run;
  let postStartedAt: Date | null = null;
  let decide: () => void = () => undefined;
  const decided = new Promise<void>((resolve) => (decide = resolve));
  const mayStart = (): boolean => {
    const nowMs = clock.monotonicMs();
    if (nowMs > Math.min(slot.closesMs, guard.deadlineMs)) return false;
    if (guard.stopped() || guard.dropped(item) || !guard.mayStart(nowMs)) return false;
    postStartedAt = clock.now();
    decide();
    return true;
  };
  const call = async (): Promise<SendOutcome> => {
    try {
      return await sender.send({ metaPageId, token, bodyText: run.bodyOf(item), mayStart });
    } catch (error) {
      run.onFault(error);
      return postStartedAt === null ? { kind: 'not-sent', cause: 'FAULT' } : { kind: 'uncertain', cause: 'lost' };
    }
  };
  const ended = call().then((outcome) => {
    decide();
    if (outcome.kind === 'not-sent' && outcome.cause === TOO_LATE) return null;
    run.onOutcome(item, outcome);
    return { item, outcome, postStartedAt };
  });
  return { decided, ended };
}
