import type { Job, JobName } from '../src/jobs';

/** What a job says when it has run: done, or the same job again after a delay without spending an attempt. */
export type JobControl = { readonly kind: 'done' } | { readonly kind: 'again'; readonly delayMs: number };

export type Processor<Name extends JobName> = (
  job: Extract<Job, { name: Name }>,
  signal: AbortSignal,
) => Promise<JobControl>;

/** Every job name has exactly one processor; a missing one does not compile. */
export type Processors = { readonly [Name in JobName]: Processor<Name> };

export const DONE: JobControl = { kind: 'done' };
