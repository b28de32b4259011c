import type { Clock } from '../../kernel/clock';
import type { SendGuard } from './paced-run';

/** No POST of a chunk starts later than this after its claim began: a worker that was frozen drops what it holds. */
export const CLAIM_LIFE_MS = 5_000;
/** The leads of a chunk are read again this often. */
export const REREAD_EVERY_MS = 250;
/** Nobody is written to whose lead was last seen longer ago than this: what an unsubscribe may have to wait. */
export const MAX_STALE_MS = 500;

/** What the rows say now of messages not sent yet. */
export interface Reread {
  /** The broadcast sends, the Page is active and not throttled. */
  readonly isOpen: boolean;
  /** Messages that are not to be sent any more; reason null when the row has been settled already. */
  readonly gone: readonly { readonly seq: number; readonly reason: string | null }[];
}

export interface ChunkGuard extends SendGuard<{ readonly seq: number }> {
  stop(): void;
  /** Why each message that left was dropped. */
  readonly gone: ReadonlyMap<number, string | null>;
  /** Ends the re-reading. */
  close(): Promise<void>;
}

export interface GuardInput {
  readonly beganMs: number;
  /** When the leads were last known to be as claimed. */
  readonly freshMs: number;
  readonly reread: () => Promise<Reread>;
  readonly signal: AbortSignal;
}

/**
 * Watches a chunk while it is being sent: re-reads its leads every 250 ms in one query and drops those who left.
 *
 * A re-read that fails or is slow changes nothing, but its age does: without a fresh one no POST starts.
 */
export function guardChunk(clock: Clock, { beganMs, freshMs, reread, signal }: GuardInput): ChunkGuard {
  const gone = new Map<number, string | null>();
  let lastSeenMs = freshMs;
  let isStopped = false;
  let isClosed = false;
  let reading: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    const startedMs = clock.monotonicMs();
    try {
      const seen = await reread();
      for (const { seq, reason } of seen.gone) gone.set(seq, reason);
      if (!seen.isOpen) isStopped = true;
      lastSeenMs = startedMs;
    } catch {
      // The age of the last good read decides.
    }
    schedule(startedMs + REREAD_EVERY_MS);
  };
  const schedule = (atMs: number): void => {
    if (isClosed) return;
    timer = setTimeout(
      () => {
        reading = look();
      },
      Math.max(0, atMs - clock.monotonicMs()),
    );
  };
  schedule(freshMs + REREAD_EVERY_MS);
  return {
    deadlineMs: beganMs + CLAIM_LIFE_MS,
    stopped: () => isStopped || signal.aborted,
    dropped: ({ seq }) => gone.has(seq),
    mayStart: (nowMs) => nowMs - lastSeenMs < MAX_STALE_MS,
    stop: () => {
      isStopped = true;
    },
    gone,
    close: async () => {
      isClosed = true;
      clearTimeout(timer);
      await reading;
    },
  };
}
