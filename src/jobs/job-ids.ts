import type { Job } from './jobs.types';

/** `_` as separator: BullMQ refuses a custom id with a colon. Equal ids wait only once. */
export function jobId(job: Job): string {
  switch (job.name) {
    case 'drain-inbox':
      return `drain-inbox_${job.nudge}`;
    case 'freeze-audience':
      return `freeze-audience_${job.broadcastId}_${job.generation}`;
    case 'send-chunk':
      return `send-chunk_${job.broadcastId}_${job.pageId}_${job.generation}_${job.lane}_${job.turn}`;
    case 'make-backup':
      return `make-backup_${job.backupId}_${job.generation}`;
    case 'send-replies':
      return `send-replies_${job.pageId}_${job.turn}_${job.nudge}`;
  }
}
