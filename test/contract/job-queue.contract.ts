import { randomUUID } from 'node:crypto';
import type { Job } from '../../src/jobs';
import { systemClock } from '../../src/kernel/clock';
import type { Log } from '../../src/kernel/log';
import { openJobQueue, type OpenJobQueue } from '../../src/platform/queue/job-queue';
import type { QueueConnection } from '../../src/platform/queue/queue-backend';
import { DONE, type JobControl, type Processors } from '../../workers/registry';
import { startWorkers, type RunningWorkers } from '../../workers/start-workers';
import { until } from '../support/until';

const silent: Log = { event: () => undefined, warn: () => undefined, error: () => undefined };

/** What the product relies on, whichever backend the queue runs on. */
export function jobQueueContract(connect: () => QueueConnection): void {
  let queue: OpenJobQueue;
  let workers: RunningWorkers | undefined;
  const seen: Job[] = [];

  const serve = (answer: (job: Job, signal: AbortSignal) => Promise<JobControl> = () => Promise.resolve(DONE)) => {
    const record = async (job: Job, signal: AbortSignal) => {
      seen.push(job);
      return answer(job, signal);
    };
    const processors: Processors = {
      'drain-inbox': record,
      'freeze-audience': record,
      'make-backup': record,
      'send-chunk': record,
      'send-replies': record,
    };
    workers = startWorkers({
      connection: connect(),
      processors,
      queues: ['inbox', 'send', 'control'],
      clock: systemClock,
      log: silent,
      observe: () => undefined,
    });
  };

  beforeEach(() => {
    seen.length = 0;
    queue = openJobQueue(connect(), silent);
  });

  afterEach(async () => {
    await workers?.stop();
    workers = undefined;
    await queue.close();
  });

  const freeze = (): Job => ({ name: 'freeze-audience', broadcastId: randomUUID(), generation: 1 });

  it('hands a job with its payload to the processor of its name', async () => {
    serve();
    const job: Job = {
      name: 'send-chunk',
      broadcastId: randomUUID(),
      pageId: randomUUID(),
      generation: 3,
      lane: 1,
      turn: 7,
    };
    await queue.enqueue(job);
    await until('the job', () => seen.length === 1);
    expect(seen).toEqual([job]);
  });

  it('lets equal ids wait only once', async () => {
    const job = freeze();
    await Promise.all([queue.enqueue(job), queue.enqueue(job), queue.enqueue(job)]);
    serve();
    const last = freeze();
    await queue.enqueue(last);
    await until('the later job', () => seen.some((one) => JSON.stringify(one) === JSON.stringify(last)));
    expect(seen).toEqual([job, last]);
  });

  it('takes the same id again once the job has ended', async () => {
    serve();
    const job = freeze();
    await queue.enqueue(job);
    await until('the first run', () => seen.length === 1);
    await until('the second run', async () => {
      await queue.enqueue(job);
      return seen.length >= 2;
    });
    expect(seen.length).toBeGreaterThanOrEqual(2);
  });

  it('runs a job again after the delay it asked for', async () => {
    const job = freeze();
    // One of the test before may still be waiting.
    const runs = () => seen.filter((one) => JSON.stringify(one) === JSON.stringify(job)).length;
    serve((one) => {
      const isFirst = JSON.stringify(one) === JSON.stringify(job) && runs() === 1;
      return Promise.resolve<JobControl>(isFirst ? { kind: 'again', delayMs: 30 } : DONE);
    });
    await queue.enqueue(job);
    await until('the second run', () => runs() === 2);
    expect(runs()).toBe(2);
  });

  it('runs urgent jobs before bulk that waited longer', async () => {
    const pageId = randomUUID();
    for (let turn = 0; turn < 5; turn += 1) {
      await queue.enqueue({ name: 'send-chunk', broadcastId: randomUUID(), pageId, generation: 1, lane: 0, turn });
    }
    await queue.enqueue({ name: 'send-replies', pageId, turn: 0, nudge: 'now' }, { urgent: true });
    serve();
    await until('all jobs', () => seen.length === 6);
    expect(seen[0]?.name).toBe('send-replies');
  });

  it('tells running jobs to stop and waits for them', async () => {
    let finished = false;
    serve(
      (_job, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            finished = true;
            resolve(DONE);
          });
        }),
    );
    await queue.enqueue(freeze());
    await until('the job', () => seen.length === 1);
    await workers?.stop();
    workers = undefined;
    expect(finished).toBe(true);
  });

  it('answers a ping', async () => {
    await expect(queue.ping()).resolves.toBeUndefined();
  });
}
