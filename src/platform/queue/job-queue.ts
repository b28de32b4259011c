import { setTimeout as delay } from 'node:timers/promises';
import type { Queue } from 'bullmq';
import type { QueueName } from '../../../config/env';
import { jobId, jobSchemas, type Job, type JobQueue } from '../../jobs';
import { OperationalError } from '../../kernel/errors';
import type { Log } from '../../kernel/log';
import { JOB_OPTIONS, openQueue, QUEUE_OF, type OpenedQueue, type QueueConnection } from './queue-backend';

/** Jobs without a priority run before those with one. */
const BULK_PRIORITY = 10;
/** A Redis that is away makes commands wait for ever; whoever asks whether it is there wants an answer. */
const PING_TIMEOUT_MS = 5_000;

export interface OpenJobQueue extends JobQueue {
  /** Throws when the backend does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The queue behind the `JobQueue` port, on PostgreSQL or Redis.
 *
 * A job that cannot be enqueued is logged and forgotten: the row that wanted it is still due, and the sweeper asks again.
 */
export function openJobQueue(connection: QueueConnection, log: Log): OpenJobQueue {
  const opened = new Map<QueueName, OpenedQueue>();
  const queueFor = (name: QueueName): Queue => {
    const known = opened.get(name);
    if (known !== undefined) return known.queue;
    const fresh = openQueue(connection, name);
    fresh.queue.on('error', () => log.warn('queue.connection_failed', { queue: name }));
    opened.set(name, fresh);
    return fresh.queue;
  };

  return {
    enqueue: async (job: Job, options = {}) => {
      const { name, ...payload } = job;
      jobSchemas[name].parse(payload);
      try {
        await queueFor(QUEUE_OF[name]).add(name, payload, {
          ...JOB_OPTIONS,
          jobId: jobId(job),
          ...(options.delayMs === undefined ? {} : { delay: Math.ceil(options.delayMs) }),
          ...(options.urgent === true ? {} : { priority: BULK_PRIORITY }),
        });
      } catch {
        log.warn('queue.enqueue_failed', { job: name });
      }
    },
    ping: async () => {
      const answered = await Promise.race([
        queueFor('control')
          .getJobCounts('waiting')
          .then(() => true)
          .catch(() => false),
        delay(PING_TIMEOUT_MS, false, { ref: false }),
      ]);
      if (!answered)
        throw new OperationalError('queue_unreachable', 'the queue does not answer; check REDIS_URL or the database');
    },
    close: async () => {
      await Promise.all([...opened.values()].map((queue) => queue.close()));
    },
  };
}
