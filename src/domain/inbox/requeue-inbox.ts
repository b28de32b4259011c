import type { JobQueue } from '../../jobs';
import type { Ids } from '../../kernel/ids';
import type { Database } from '../sql.types';
import { hasWaitingBody } from './inbox.store';

const NUDGE_BYTES = 8;

export interface RequeueInboxDeps {
  readonly db: Database;
  readonly queue: JobQueue;
  readonly ids: Ids;
}

/**
 * Asks for a drain when bodies have waited longer than a job should take to come: the job was lost, or a body that
 * failed is due again. For the sweeper.
 */
export function makeRequeueInbox({ db, queue, ids }: RequeueInboxDeps): () => Promise<boolean> {
  return async () => {
    const isWaiting = await hasWaitingBody(db);
    if (isWaiting)
      await queue.enqueue({ name: 'drain-inbox', nudge: ids.bytes(NUDGE_BYTES).toString('hex') }, { urgent: true });
    return isWaiting;
  };
}
