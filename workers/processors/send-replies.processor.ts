import type { JobQueue } from '../../src/jobs';
import { DONE, type Processor } from '../registry';
import type { ChunkResult } from './send-chunk.processor';

export interface SendRepliesProcessorDeps {
  readonly sendReplies: (input: { pageId: string; nudge: string }, signal: AbortSignal) => Promise<ChunkResult>;
  readonly queue: JobQueue;
}

/** Sends the next answers of a Page to people, ahead of bulk. */
export function makeSendRepliesProcessor({ sendReplies, queue }: SendRepliesProcessorDeps): Processor<'send-replies'> {
  return async (job, signal) => {
    const result = await sendReplies(job, signal);
    switch (result.kind) {
      case 'continue':
        await queue.enqueue({ ...job, turn: job.turn + 1 }, { urgent: true });
        return DONE;
      case 'wait':
        return { kind: 'again', delayMs: result.delayMs };
      case 'idle':
        return DONE;
    }
  };
}
