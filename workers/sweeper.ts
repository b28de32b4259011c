import type { Database } from '../src/domain/sql.types';
import { codeOf } from '../src/kernel/errors';
import type { Log } from '../src/kernel/log';
import { repeat, type Repeated } from './repeat';

/** One process sweeps at a time; which one does not matter. */
const LOCKS = {
  sweep: 7_100_003,
  housekeeping: 7_100_004,
  anchors: 7_100_005,
  erasures: 7_100_006,
  accounts: 7_100_007,
  recipients: 7_100_008,
} as const;

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

/**
 * Finds rows that say that work is due and that nobody works on: lost jobs, dead processes, times that have come.
 *
 * A timer and not a queue job, because a queue that lost everything would have lost this job too.
 */
export const startSweeper = (deps: SweeperDeps): Repeated =>
  repeat(async () => {
    await sweepOnce(deps);
    return deps.everyMs;
  });

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
