import type { DrainedInbox, DrainInboxInput } from '../../src/domain/inbox';
import { DONE, type Processor } from '../registry';

/** Bodies one job works at most, so that a flood does not keep a worker from stopping. */
const BODIES_PER_JOB = 500;

export interface DrainInboxProcessorDeps {
  readonly drainInbox: (input: DrainInboxInput) => Promise<DrainedInbox>;
  readonly count: (kind: string, count: number) => void;
}

/** Gives waiting webhook bodies their meaning. */
export function makeDrainInboxProcessor({ drainInbox, count }: DrainInboxProcessorDeps): Processor<'drain-inbox'> {
  return async (_job, signal) => {
    const drained = await drainInbox({ limit: BODIES_PER_JOB, signal });
    for (const event of drained.events) count(`${event.kind}.${event.outcome}`, event.count);
    return drained.bodies === BODIES_PER_JOB && !signal.aborted ? { kind: 'again', delayMs: 1 } : DONE;
  };
}
