import type { Job, JobQueue } from '../../jobs';
import type { Ids } from '../../kernel/ids';
import type { Log } from '../../kernel/log';

const GATHER_MS = 15;
const ID_BYTES = 8;

export interface NudgeDeps {
  readonly queue: JobQueue;
  readonly ids: Ids;
  readonly log: Log;
}

/**
 * Asks the queue for work soon, once for all that comes in within a few milliseconds. Each job comes after the rows it is
 * for and has an id of its own, so that one that is already running cannot swallow it. A nudge that is lost (a dead
 * process, a queue that is away) costs time only: the sweeper finds the rows.
 */
export function makeNudge({ queue, ids, log }: NudgeDeps, jobOf: (target: string, nudge: string) => Job) {
  const waiting = new Set<string>();
  return (target: string): void => {
    if (waiting.has(target)) return;
    waiting.add(target);
    const timer = setTimeout(() => {
      waiting.delete(target);
      queue.enqueue(jobOf(target, ids.bytes(ID_BYTES).toString('hex')), { urgent: true }).catch(() => {
        log.warn('queue.nudge_lost', {});
      });
    }, GATHER_MS);
    timer.unref();
  };
}
