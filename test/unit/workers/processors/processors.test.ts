import { randomUUID } from 'node:crypto';
import type { Job, JobQueue } from '../../../../src/jobs';
import { makeDrainInboxProcessor } from '../../../../workers/processors/drain-inbox.processor';
import { makeFreezeAudienceProcessor } from '../../../../workers/processors/freeze-audience.processor';
import { makeMakeBackupProcessor } from '../../../../workers/processors/make-backup.processor';
import { makeSendChunkProcessor, type ChunkResult } from '../../../../workers/processors/send-chunk.processor';
import { makeSendRepliesProcessor } from '../../../../workers/processors/send-replies.processor';

const signal = new AbortController().signal;
const chunk = {
  name: 'send-chunk',
  broadcastId: randomUUID(),
  pageId: randomUUID(),
  generation: 1,
  lane: 0,
  turn: 4,
} as const;
const replies = { name: 'send-replies', pageId: randomUUID(), turn: 2, nudge: 'n' } as const;

function recordingQueue() {
  const enqueued: { job: Job; urgent: boolean }[] = [];
  const queue: JobQueue = {
    enqueue: (job, options) => {
      enqueued.push({ job, urgent: options?.urgent === true });
      return Promise.resolve();
    },
  };
  return { queue, enqueued };
}

describe('processors', () => {
  it('asks for the next chunk while there is more', async () => {
    const { queue, enqueued } = recordingQueue();
    const run = makeSendChunkProcessor({ queue, sendChunk: () => Promise.resolve<ChunkResult>({ kind: 'continue' }) });
    expect(await run(chunk, signal)).toEqual({ kind: 'done' });
    expect(enqueued).toEqual([{ job: { ...chunk, turn: 5 }, urgent: false }]);
  });

  it('comes back later when the Page has to wait, and asks for nothing', async () => {
    const { queue, enqueued } = recordingQueue();
    const run = makeSendChunkProcessor({
      queue,
      sendChunk: () => Promise.resolve<ChunkResult>({ kind: 'wait', delayMs: 70 }),
    });
    expect(await run(chunk, signal)).toEqual({ kind: 'again', delayMs: 70 });
    expect(enqueued).toEqual([]);
  });

  it('ends when nothing is left', async () => {
    const { queue, enqueued } = recordingQueue();
    const run = makeSendChunkProcessor({ queue, sendChunk: () => Promise.resolve<ChunkResult>({ kind: 'idle' }) });
    expect(await run(chunk, signal)).toEqual({ kind: 'done' });
    expect(enqueued).toEqual([]);
  });

  it('keeps answers to people ahead of bulk', async () => {
    const { queue, enqueued } = recordingQueue();
    const run = makeSendRepliesProcessor({
      queue,
      sendReplies: () => Promise.resolve<ChunkResult>({ kind: 'continue' }),
    });
    expect(await run(replies, signal)).toEqual({ kind: 'done' });
    expect(enqueued).toEqual([{ job: { ...replies, turn: 3 }, urgent: true }]);
  });

  it('freezes again at the moment the broadcast starts', async () => {
    const run = makeFreezeAudienceProcessor({
      freezeAudience: () => Promise.resolve({ kind: 'not_due', delayMs: 900 }),
    });
    const job = { name: 'freeze-audience', broadcastId: chunk.broadcastId, generation: 0 } as const;
    expect(await run(job, signal)).toEqual({ kind: 'again', delayMs: 900 });
  });

  it('makes one archive at a time', async () => {
    let end = (): void => undefined;
    const run = makeMakeBackupProcessor({
      makeBackup: () =>
        new Promise((resolve) => {
          end = () => {
            resolve('made');
          };
        }),
    });
    const job = { name: 'make-backup', backupId: chunk.broadcastId, generation: 0 } as const;
    const first = run(job, signal);
    expect(await run(job, signal)).toEqual({ kind: 'again', delayMs: 10_000 });
    end();
    expect(await first).toEqual({ kind: 'done' });
    const failing = makeMakeBackupProcessor({ makeBackup: () => Promise.reject(new Error('down')) });
    await expect(failing(job, signal)).rejects.toThrow('down');
    await expect(failing(job, signal)).rejects.toThrow('down');
  });

  it('drains again when a whole batch was waiting, and counts by kind', async () => {
    const counted: [string, number][] = [];
    const run = makeDrainInboxProcessor({
      count: (kind, count) => counted.push([kind, count]),
      drainInbox: ({ limit }) =>
        Promise.resolve({
          bodies: limit,
          failed: 0,
          notUnderstood: 0,
          events: [{ kind: 'message', outcome: 'applied', count: 3 }],
        }),
    });
    expect(await run({ name: 'drain-inbox', nudge: 'n' }, signal)).toEqual({ kind: 'again', delayMs: 1 });
    expect(counted).toEqual([['message.applied', 3]]);
  });
});
