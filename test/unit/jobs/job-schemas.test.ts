import { randomUUID } from 'node:crypto';
import { jobId, jobSchemas, type Job } from '../../../src/jobs';

const JOBS: Job[] = [
  { name: 'drain-inbox', nudge: 'a1' },
  { name: 'freeze-audience', broadcastId: randomUUID(), generation: 0 },
  { name: 'send-chunk', broadcastId: randomUUID(), pageId: randomUUID(), generation: 2, lane: 1, turn: 3 },
  { name: 'send-replies', pageId: randomUUID(), turn: 0, nudge: 'b2' },
];

describe('job payloads', () => {
  it.each(JOBS)('$name takes its ids and numbers', ({ name, ...payload }) => {
    expect(jobSchemas[name].parse(payload)).toEqual(payload);
  });

  it.each(JOBS)('$name refuses anything more, so that nothing personal can travel in it', ({ name, ...payload }) => {
    expect(jobSchemas[name].safeParse({ ...payload, psid: '7123456789012345' }).success).toBe(false);
    expect(jobSchemas[name].safeParse({ ...payload, text: 'hello' }).success).toBe(false);
  });

  it('has ids that BullMQ takes and that tell jobs apart', () => {
    const ids = JOBS.map(jobId);
    expect(new Set(ids).size).toBe(JOBS.length);
    for (const id of ids) expect(id).toMatch(/^[a-z-]+_[\w-]+$/);
  });

  it('gives the successor of a chunk another id', () => {
    const [, , chunk] = JOBS;
    if (chunk?.name !== 'send-chunk') throw new Error('no chunk');
    expect(jobId({ ...chunk, turn: chunk.turn + 1 })).not.toBe(jobId(chunk));
    expect(jobId({ ...chunk, lane: 0 })).not.toBe(jobId(chunk));
    expect(jobId({ ...chunk, generation: 9 })).not.toBe(jobId(chunk));
  });
});
