import type { Database } from '../src/domain/sql.types';
import { countCodes } from '../src/kernel/errors';
import type { Log } from '../src/kernel/log';
import { sparingly } from '../src/kernel/sparingly';
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
export function startSweeper(deps: SweeperDeps): Repeated {
  const say = sparingly();
  const logFailure = (job: string, error: unknown): void => {
    for (const [code, count] of countCodes(error))
      say(`${job} ${code}`, () => deps.log.warn('sweep.failed', { job, code, count }));
  };
  return repeat(async () => {
    await sweepOnce(deps, logFailure);
    return deps.everyMs;
  });
}

/** A sweep that fails is logged and tried again at the next tick; the others still run. */
async function sweepOnce(
  { db, sweeps, lock: name }: SweeperDeps,
  logFailure: (job: string, error: unknown) => void,
): Promise<void> {
  try {
    await db.transaction(async (tx) => {
      const lock = await tx.first<{ taken: boolean }>('select pg_try_advisory_xact_lock($1) as taken', [LOCKS[name]]);
      if (lock?.taken !== true) return;
      for (const { name: job, run } of sweeps) {
        await run().catch((error: unknown) => logFailure(job, error));
      }
    });
  } catch (error) {
    logFailure(name, error);
  }
}
