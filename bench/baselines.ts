import { randomUUID } from 'node:crypto';
import axios from 'axios';
import { Queue, Worker } from 'bullmq';
import { Pool } from 'pg';
import { renderMessage, UNSUBSCRIBE_TITLE } from '../src/domain/broadcasts';
import { createUndiciSender } from '../src/platform/messenger/undici-sender';
import { until } from '../test/support/until';
import { MESSAGE } from './broadcast';
import { newPsid } from './seed-leads';
import type { BenchRedis } from './redis';
import type { Stage } from './stage';

const VERSION = 'v25.0';
/** In flight at once; more was not faster for either. */
const IN_FLIGHT = 64;

/** What the program itself posts, to a new person. */
function bodyText(): string {
  const uuid = randomUUID();
  const rendered = renderMessage(MESSAGE, {
    unsubscribePayload: `assent:v1:unsubscribe:${uuid}`,
    unsubscribeTitle: UNSUBSCRIBE_TITLE,
    firstName: null,
  });
  const message = { ...rendered, metadata: `assent:v1:d:${uuid}:1` };
  return JSON.stringify({ recipient: { id: newPsid() }, messaging_type: 'UPDATE', message });
}

/** The same POSTs through the same sender, and nothing else. */
export async function bareRate(stage: Stage, count: number): Promise<number> {
  const sender = createUndiciSender({ baseUrl: stage.graphUrl, version: VERSION, appSecret: stage.appSecret });
  const calls = Array.from({ length: count }, (_, n) => ({ page: pageOf(stage, n), bodyText: bodyText() }));
  let next = 0;
  const lane = async () => {
    for (let call = calls[next++]; call !== undefined; call = calls[next++]) {
      const { metaPageId, token } = call.page;
      const outcome = await sender.send({ metaPageId, token, bodyText: call.bodyText, mayStart: () => true });
      if (outcome.kind !== 'accepted') throw new Error(`the sandbox answered ${outcome.kind}`);
    }
  };
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  const rate = count / ((performance.now() - startedMs) / 1000);
  await sender.close();
  return rate;
}

/** As it is often written: a job on Redis, a POST with axios and an inserted row for every lead. */
export async function naiveRate(stage: Stage, redis: BenchRedis, count: number): Promise<number> {
  const connection = { host: '127.0.0.1', port: redis.port };
  const name = `naive-${randomUUID()}`;
  const pool = new Pool({ connectionString: stage.databaseUrl, max: 20 });
  await pool.query(
    'create table if not exists bench_naive (id bigint generated always as identity, mid text, at timestamptz)',
  );
  const queue = new Queue(name, { connection });
  const worker = new Worker<{ pageId: string; token: string; body: string }>(
    name,
    async ({ data: job }) => {
      const answer = await axios.post<{ message_id: string }>(
        `${stage.graphUrl}/${VERSION}/${job.pageId}/messages`,
        job.body,
        {
          headers: { 'content-type': 'application/json', authorization: `Bearer ${job.token}` },
        },
      );
      await pool.query('insert into bench_naive (mid, at) values ($1, now())', [answer.data.message_id]);
    },
    { connection, concurrency: IN_FLIGHT, removeOnComplete: { count: 0 } },
  );
  let done = 0;
  worker.on('completed', () => (done += 1));
  await worker.waitUntilReady();
  const jobs = Array.from({ length: count }, (_, n) => {
    const { metaPageId, token } = pageOf(stage, n);
    return { name, data: { pageId: metaPageId, token, body: bodyText() } };
  });
  const startedMs = performance.now();
  while (jobs.length > 0) await queue.addBulk(jobs.splice(0, 1_000));
  await until('every naive job', () => done === count, 120_000);
  const rate = count / ((performance.now() - startedMs) / 1000);
  await worker.close();
  await queue.close();
  await pool.end();
  return rate;
}

function pageOf({ pages }: Stage, n: number) {
  const page = pages[n % pages.length];
  if (page === undefined) throw new Error('the stage has no Page');
  return page;
}
