import type { SequenceResult } from '../src/domain/ledger';
import { LogHaltedError } from '../src/domain/ledger';
import { codeOf } from '../src/kernel/errors';
import type { Log } from '../src/kernel/log';
import { repeat, type Repeated } from './repeat';

/** A new person waits at most so long for their place in the log. */
const EVERY_MS = 200;
/** A log that must not be signed stays so until somebody has looked. */
const HALTED_EVERY_MS = 10_000;

export interface SequencerDeps {
  readonly sequence: () => Promise<SequenceResult>;
  readonly log: Log;
  /** The database is older than what was signed: nothing may be sent from it. */
  readonly onSetBack: () => void;
  readonly observe: (signed: Extract<SequenceResult, { kind: 'signed' }>) => void;
}

/**
 * Lets the log grow, in every worker process; the lock in the database lets one at a time do it, and any of them take over.
 *
 * A timer and not a queue job: nobody may be written to before their consent is signed, also while the queue is lost.
 */
export const startSequencer = (deps: SequencerDeps): Repeated => repeat(() => sequenceOnce(deps));

/** @returns how long to wait before the next time, ms */
async function sequenceOnce({ sequence, log, observe, onSetBack }: SequencerDeps): Promise<number> {
  try {
    const result = await sequence();
    if (result.kind === 'idle') return EVERY_MS;
    observe(result);
    return result.hasMore ? 0 : EVERY_MS;
  } catch (error) {
    if (error instanceof LogHaltedError) {
      log.error('ledger.halted', { reason: error.code });
      if (error.code === 'log_behind') onSetBack();
      return HALTED_EVERY_MS;
    }
    log.warn('ledger.sequence_failed', { code: codeOf(error) });
    return EVERY_MS;
  }
}
