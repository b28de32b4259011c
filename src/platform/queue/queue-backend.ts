import { createPostgresBackend, Queue, Worker, withBackend, type Processor, type WorkerOptions } from 'bullmq';
import type { RedisConnection } from '../redis/connection';
import type { QueueName } from '../../../config/env';
import type { JobName } from '../../jobs';

/** Two pooled connections and one LISTEN connection a queue: the library's default of ten would exhaust the server. */
const POOL_SIZE = 2;

export type QueueConnection =
  | { readonly kind: 'postgres'; readonly url: string }
  | { readonly kind: 'redis'; readonly connect: () => RedisConnection };

/** Few queues, because each costs connections; within one, urgent jobs go first. */
export const QUEUE_OF: Readonly<Record<JobName, QueueName>> = {
  'drain-inbox': 'inbox',
  'freeze-audience': 'control',
  'make-backup': 'control',
  'send-chunk': 'send',
  'send-replies': 'send',
};

/** A finished job is forgotten at once: a job id that is still kept would be refused for ever. */
export const JOB_OPTIONS = { removeOnComplete: true, removeOnFail: true } as const;

const postgres = withBackend(createPostgresBackend);

const postgresConnection = (url: string) => ({ connectionString: url, max: POOL_SIZE, migrate: true });

export interface OpenedQueue {
  readonly queue: Queue;
  close(): Promise<void>;
}

export function openQueue(connection: QueueConnection, name: QueueName): OpenedQueue {
  if (connection.kind === 'postgres') {
    const queue = new postgres.Queue(name, { connection: postgresConnection(connection.url) }) as unknown as Queue;
    return { queue, close: () => queue.close() };
  }
  const redis = connection.connect();
  const queue = new Queue(name, { connection: redis });
  return {
    queue,
    close: async () => {
      await queue.close();
      redis.disconnect();
    },
  };
}

export interface OpenedWorker {
  readonly worker: Worker;
  close(): Promise<void>;
}

export function openWorker(
  connection: QueueConnection,
  name: QueueName,
  processor: Processor,
  options: Omit<WorkerOptions, 'connection'>,
): OpenedWorker {
  if (connection.kind === 'postgres') {
    const bound = { ...options, connection: postgresConnection(connection.url) };
    const worker = new postgres.Worker(name, processor, bound) as unknown as Worker;
    return { worker, close: () => worker.close() };
  }
  const redis = connection.connect();
  const worker = new Worker(name, processor, { ...options, connection: redis });
  return {
    worker,
    close: async () => {
      await worker.close();
      redis.disconnect();
    },
  };
}
