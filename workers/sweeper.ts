import type { Database } from '../src/domain/sql.types';
import { codeOf } from '../src/kernel/errors';
import type { Log } from '../src/kernel/log';

/** One process sweeps at a time; which one does not matter. */
const LOCKS = { sweep: 7_100_003, housekeeping: 7_100_004 } as const;

export interface Sweep {
  readonly name: string;
  readonly run: () => Promise<unknown>;
}

export interface SweeperDeps {
  readonly db: Database;
  readonly log: Log;
  readonly sweeps: readonly Sweep[];
  readonly everyMs: number;
  readonly lock: keyof typeof LOCKS;
}

export interface Sweeper {
  stop(): Promise<void>;
}

/**
 * Finds rows that say that work is due and that nobody works on: lost jobs, dead processes, times that have come.
 *
 * A timer and not a queue job, because a queue that lost everything would have lost this job too.
 */
export function startSweeper(deps: SweeperDeps): Sweeper {
  let running: Promise<void> = Promise.resolve();
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const tick = (): void => {
    running = sweepOnce(deps).finally(() => {
      if (!stopped) timer = setTimeout(tick, deps.everyMs);
    });
  };
  tick();
  return {
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

/** A sweep that fails is logged and tried again at the next tick; the others still run. */
async function sweepOnce({ db, log, sweeps, lock: name }: SweeperDeps): Promise<void> {
  try {
    await db.transaction(async (tx) => {
      const lock = await tx.first<{ taken: boolean }>('select pg_try_advisory_xact_lock($1) as taken', [LOCKS[name]]);
      if (lock?.taken !== true) return;
      for (const { name: job, run } of sweeps) {
        await run().catch((error: unknown) => log.warn('sweep.failed', { job, code: codeOf(error) }));
      }
    });
  } catch (error) {
    log.warn('sweep.failed', { job: name, code: codeOf(error) });
  }
}
