import { DelayedError, UnrecoverableError, type Job as QueuedJob } from 'bullmq';
import type { QueueName } from '../config/env';
import { jobSchemas, type Job, type JobName } from '../src/jobs';
import type { Clock } from '../src/kernel/clock';
import { codeOf } from '../src/kernel/errors';
import type { Log } from '../src/kernel/log';
import { openWorker, type OpenedWorker, type QueueConnection } from '../src/platform/queue/queue-backend';
import type { JobControl, Processors } from './registry';

/**
 * Jobs under way at once in one process. A send job spends its time waiting for paced moments and answers, so many fit;
 * a larger number than the Pages that send at once buys nothing.
 */
const CONCURRENCY: Readonly<Record<QueueName, number>> = { inbox: 4, send: 120, control: 3 };

/** Longer than the longest chunk (5 s to the last POST, 10 s for its answer), so that no healthy job counts as stalled. */
const LOCK_MS = 60_000;

export interface WorkersDeps {
  readonly connection: QueueConnection;
  readonly processors: Processors;
  readonly queues: readonly QueueName[];
  readonly clock: Clock;
  readonly log: Log;
  readonly observe: (job: string, seconds: number) => void;
}

export interface RunningWorkers {
  /** Takes no new job, tells the running ones to stop sending, and waits until their outcomes are recorded. */
  stop(): Promise<void>;
}

export function startWorkers(deps: WorkersDeps): RunningWorkers {
  const stopping = new AbortController();
  const workers: OpenedWorker[] = deps.queues.map((queue) => {
    const opened = openWorker(
      deps.connection,
      queue,
      (job: QueuedJob, token) => run(deps, job, token, stopping.signal),
      {
        concurrency: CONCURRENCY[queue],
        lockDuration: LOCK_MS,
        maxStalledCount: 1,
      },
    );
    opened.worker.on('error', () => deps.log.warn('queue.connection_failed', { queue }));
    opened.worker.on('failed', (job: QueuedJob | undefined, error: Error) => {
      deps.log.error('job.failed', { queue, job: job?.name ?? 'unknown', code: codeOf(error) });
    });
    return opened;
  });
  return {
    stop: async () => {
      stopping.abort();
      await Promise.all(workers.map((worker) => worker.close()));
    },
  };
}

/** Turns what a processor says into job control. Whatever the job meant was decided in its use case. */
async function run(
  deps: WorkersDeps,
  queued: QueuedJob,
  token: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const startedMs = deps.clock.monotonicMs();
  const control = await process(deps.processors, parse(queued), signal);
  deps.observe(queued.name, (deps.clock.monotonicMs() - startedMs) / 1000);
  if (control.kind === 'done') return;
  await queued.moveToDelayed(deps.clock.now().getTime() + control.delayMs, token);
  throw new DelayedError();
}

function parse(queued: QueuedJob): Job {
  const name = queued.name as JobName;
  if (!Object.hasOwn(jobSchemas, name)) throw new UnrecoverableError('unknown job');
  const parsed = jobSchemas[name].safeParse(queued.data);
  if (!parsed.success) throw new UnrecoverableError('malformed job');
  return { name, ...parsed.data } as Job;
}

function process(processors: Processors, job: Job, signal: AbortSignal): Promise<JobControl> {
  switch (job.name) {
    case 'drain-inbox':
      return processors['drain-inbox'](job, signal);
    case 'freeze-audience':
      return processors['freeze-audience'](job, signal);
    case 'make-backup':
      return processors['make-backup'](job, signal);
    case 'send-chunk':
      return processors['send-chunk'](job, signal);
    case 'send-replies':
      return processors['send-replies'](job, signal);
  }
}
