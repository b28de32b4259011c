export { jobId } from './job-ids';
export { jobSchemas } from './job-schemas';
export type { EnqueueOptions, Job, JobName, JobQueue } from './jobs.types';
