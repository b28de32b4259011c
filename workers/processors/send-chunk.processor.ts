import type { JobQueue } from '../../src/jobs';
import { DONE, type Processor } from '../registry';

/** What became of one chunk: more rows are due, the Page has to wait, or there is nothing left to do. */
export type ChunkResult =
  { readonly kind: 'continue' } | { readonly kind: 'wait'; readonly delayMs: number } | { readonly kind: 'idle' };

export interface SendChunkProcessorDeps {
  readonly sendChunk: (
    chunk: { broadcastId: string; pageId: string; generation: number; lane: 0 | 1 },
    signal: AbortSignal,
  ) => Promise<ChunkResult>;
  readonly queue: JobQueue;
}

/** Sends one chunk and asks for the next. */
export function makeSendChunkProcessor({ sendChunk, queue }: SendChunkProcessorDeps): Processor<'send-chunk'> {
  return async (job, signal) => {
    const result = await sendChunk(job, signal);
    switch (result.kind) {
      case 'continue':
        await queue.enqueue({ ...job, turn: job.turn + 1 });
        return DONE;
      case 'wait':
        return { kind: 'again', delayMs: result.delayMs };
      case 'idle':
        return DONE;
    }
  };
}
