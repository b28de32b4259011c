import { databaseSetBack, isServable, type ServableDeps } from '../domain/restore';
import type { Log } from '../kernel/log';
import { codeOf } from '../kernel/errors';

/** A database that was put back under a running process is served no longer than this. */
const LOOK_EVERY_MS = 2_000;
/** As long as a process may know a key that another one destroyed: docs/erasure.md. */
const KEYS_EVERY_MS = 30_000;

export interface KeyWatchDeps extends ServableDeps {
  readonly log: Log;
  /** The process must end, and not start again on this database. */
  readonly onSetBack: (error: Error) => void;
}

export interface KeyWatch {
  /** Resolves when the look that is under way has ended. */
  stop(): Promise<void>;
}

/** Outside of every catch: the process ends, and does not start again on a database that was set back. */
export function endProcess(error: Error): void {
  setImmediate(() => {
    throw error;
  });
}

/**
 * What every process that serves has to do beside its work: forget keys that other processes have destroyed, and end when the database under
 * it was set back. Whoever was erased since would be in it again, with the keys that this process still has in memory.
 */
export function startKeyWatch(
  deps: KeyWatchDeps,
  { lookEveryMs, keysEveryMs }: { readonly lookEveryMs: number; readonly keysEveryMs: number } = {
    lookEveryMs: LOOK_EVERY_MS,
    keysEveryMs: KEYS_EVERY_MS,
  },
): KeyWatch {
  const timers = [inTurn(() => lookForSetBack(deps), lookEveryMs), inTurn(() => compareKeys(deps), keysEveryMs)];
  return {
    stop: async () => {
      await Promise.all(timers.map((timer) => timer.stop()));
    },
  };
}

/** Leaves a turn out while the one before it runs. */
function inTurn(look: () => Promise<void>, everyMs: number): KeyWatch {
  let running: Promise<void> | null = null;
  const timer = setInterval(() => {
    running ??= look().finally(() => {
      running = null;
    });
  }, everyMs);
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}

async function lookForSetBack({ onSetBack, log, ...deps }: KeyWatchDeps): Promise<void> {
  try {
    if (!(await isServable(deps))) onSetBack(databaseSetBack());
  } catch (error) {
    log.warn('keys.check_failed', { code: codeOf(error) });
  }
}

async function compareKeys({ keyRing, log }: KeyWatchDeps): Promise<void> {
  try {
    const check = await keyRing.verifyAgainstRegistry();
    if (!check.ok) log.error('keys.mismatch', { count: check.rings.length });
  } catch (error) {
    log.warn('keys.check_failed', { code: codeOf(error) });
  }
}
