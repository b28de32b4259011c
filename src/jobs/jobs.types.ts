import type { z } from 'zod';
import type { jobSchemas } from './job-schemas';

export type JobName = keyof typeof jobSchemas;

/** Ids and numbers only: job payloads lie in the queue in clear text and would outlive an erasure. */
export type Job = { [Name in JobName]: { name: Name } & z.infer<(typeof jobSchemas)[Name]> }[JobName];

export interface EnqueueOptions {
  readonly delayMs?: number;
  /** Ahead of everything that is not urgent in the same queue: answers to people. */
  readonly urgent?: boolean;
}

/** A to-do list. What it forgets, the sweeper finds again in the rows. */
export interface JobQueue {
  enqueue(job: Job, options?: EnqueueOptions): Promise<void>;
}
