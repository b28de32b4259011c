import type { ChunkGuard } from './chunk-guard';
import type { SendPageRow, SendResult } from './delivery.types';
import { stopCalls, type EffectDeps } from './effects';
import { UNREACHABLE_WAIT_MS } from './outcome.rules';
import { slotIntervalMs } from './pace.rules';
import { reserveSlots } from './pace.store';
import { sendPaced, type PacedDeps, type Posted } from './paced-run';
import type { SendOutcome } from './sender.types';

export interface ChunkPosts<Item> {
  readonly page: SendPageRow;
  readonly items: readonly Item[];
  readonly bodyOf: (item: Item) => string;
  readonly token: string;
  readonly capPerSecond: number;
  /** Closed when this ends. */
  readonly guard: ChunkGuard;
  /** Whether nothing else of the chunk may start after this outcome. */
  readonly isLast: (outcome: SendOutcome) => boolean;
}

export interface PostedChunk<Item> {
  readonly posted: readonly Posted<Item>[];
  /** Faults of ours, to be reported once what was sent has been recorded. */
  readonly faults: readonly unknown[];
}

/** Sends a chunk at the Page's pace for as long as its guard lets it. Does not throw: what was sent must be recorded. */
export async function postChunk<Item extends { readonly seq: number }>(
  deps: EffectDeps & PacedDeps,
  { page, items, bodyOf, token, capPerSecond, guard, isLast }: ChunkPosts<Item>,
): Promise<PostedChunk<Item>> {
  const intervalMs = slotIntervalMs(capPerSecond);
  const stops: Promise<void>[] = [];
  const faults: unknown[] = [];
  const posted = await sendPaced<Item>(deps, {
    items,
    bodyOf,
    metaPageId: page.metaPageId,
    token,
    intervalMs,
    reserve: async (slots) => {
      const answer = await reserveSlots(deps.db, page.id, slots, intervalMs);
      if (answer.kind === 'throttled') guard.stop();
      return answer;
    },
    guard,
    onOutcome: (_item, outcome) => {
      if (!isLast(outcome)) return;
      guard.stop();
      stops.push(stopCalls(deps, page, outcome));
    },
    onFault: (error) => {
      guard.stop();
      faults.push(error);
    },
  }).finally(() => guard.close());
  // A stop that could not be written is met again by the next chunk.
  for (const stop of await Promise.allSettled(stops)) {
    if (stop.status === 'rejected') deps.log.warn('page.stop_failed');
  }
  return { posted, faults };
}

/** No slot was met. */
const SLOTS_MISSED_WAIT_MS = 1_000;

/** What follows a chunk that was posted and recorded. One of which nothing left for no reason must not go on silently. */
export function afterPosts<Item>(
  { log }: Pick<EffectDeps, 'log'>,
  { page, items, guard }: Pick<ChunkPosts<Item>, 'page' | 'items' | 'guard'>,
  posted: readonly Posted<Item>[],
): SendResult {
  if (posted.some(({ outcome }) => outcome.kind === 'not-sent')) return { kind: 'wait', delayMs: UNREACHABLE_WAIT_MS };
  if (posted.length > 0 || guard.stopped() || guard.gone.size >= items.length) return { kind: 'continue' };
  log.warn('delivery.slots_missed', { page: page.uuid, count: items.length });
  return { kind: 'wait', delayMs: SLOTS_MISSED_WAIT_MS };
}
