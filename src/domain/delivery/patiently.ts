import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../kernel/clock';
import { OperationalError } from '../../kernel/errors';

/** How long a record outlasts a database that is away. Together with the last answer it ends before a shutdown does. */
export const RECORD_PATIENCE_MS = 8_000;
const FIRST_PAUSE_MS = 100;

/** Ends the pauses at a moment of the monotonic clock. */
export interface Patience {
  readonly clock: Clock;
  readonly untilMs: number;
  readonly sleep?: ((ms: number) => Promise<unknown>) | undefined;
}

/** Patience for one record, however many statements it takes. */
export const recordPatience = ({ clock, sleep }: Omit<Patience, 'untilMs'>): Patience => ({
  clock,
  sleep,
  untilMs: clock.monotonicMs() + RECORD_PATIENCE_MS,
});

/**
 * Repeats a write with growing pauses while the database is away. What was sent and is not written down counts as
 * uncertain, so this goes on during a shutdown too.
 */
export async function patiently<T>({ clock, untilMs, sleep = delay }: Patience, write: () => Promise<T>): Promise<T> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs *= 2) {
    try {
      return await write();
    } catch (error) {
      const leftMs = untilMs - clock.monotonicMs();
      if (!(error instanceof OperationalError) || leftMs <= 0) throw error;
      await sleep(Math.min(pauseMs, leftMs));
    }
  }
}
