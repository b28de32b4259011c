import { Pool } from 'pg';
import { until } from '../test/support/until';
import { median, met, percent, quantile, runsOf, type Topic } from './figures';
import { openStage, type Stage } from './stage';
import { bodiesFrom, inLanes, newPeople, webhookClient, type SignedBody } from './webhook-client';

export interface WebhookPlan {
  readonly bodies: number;
  readonly offeredPerSecond: number;
  readonly offeredSeconds: number;
  readonly runs: number;
}

/** Connections of the bare insert: as many as the API process has. */
const BARE_CONNECTIONS = 20;

/** Intake over real HTTP against a bare insert of the same bytes, and what one worker makes of the bodies. */
export async function benchWebhook(plan: WebhookPlan): Promise<Topic> {
  const stage = await openStage({ pages: 1, ratePerSecond: 35, callsPerSecond: 0 });
  const client = webhookClient(stage.apiUrl);
  const pool = new Pool({ connectionString: stage.databaseUrl, max: BARE_CONNECTIONS });
  try {
    await pool.query(
      'create table bench_bare (id bigint generated always as identity primary key, body bytea, at timestamptz)',
    );
    await client.flood(bodiesFrom(stage, newPeople(plan.bodies / 4)));
    await stage.db.run('truncate inbox');
    const intake: number[] = [];
    const bare: number[] = [];
    const latencies: number[] = [];
    for (let run = 0; run < plan.runs; run += 1) {
      const bodies = bodiesFrom(stage, newPeople(plan.bodies));
      bare.push(await inLanes(bodies, BARE_CONNECTIONS, (body) => insertBare(pool, body)));
      intake.push(await client.flood(bodies));
      await expectStored(stage, plan.bodies);
      const offered = bodiesFrom(stage, newPeople(plan.offeredPerSecond * plan.offeredSeconds));
      latencies.push(...(await client.offer(offered, plan.offeredPerSecond)));
      await stage.db.run('truncate inbox');
    }
    const people = newPeople(plan.bodies);
    await client.flood(bodiesFrom(stage, people));
    const worker = await stage.startWorker('inbox');
    const newRate = await drainRate(stage);
    await worker.stop();
    await client.flood(bodiesFrom(stage, people));
    await stage.startWorker('inbox');
    const knownRate = await drainRate(stage);
    const row = await stage.db.first<{ leads: number }>('select count(*)::int as leads from lead');
    if (row?.leads !== people.length)
      throw new Error(`${String(row?.leads)} leads came of ${String(people.length)} people`);
    return topicOf(plan, { bare, intake, latencies, newRate, knownRate });
  } finally {
    await pool.end();
    await client.close();
    await stage.stop();
  }
}

const insertBare = (pool: Pool, { text }: SignedBody) =>
  pool.query({
    name: 'bare',
    text: 'insert into bench_bare (body, at) values ($1, now())',
    values: [Buffer.from(text)],
  });

const waitingBodies = async ({ db }: Stage): Promise<number> =>
  (await db.first<{ waiting: number }>('select count(*)::int as waiting from inbox'))?.waiting ?? 0;

async function expectStored(stage: Stage, count: number): Promise<void> {
  const stored = await waitingBodies(stage);
  if (stored !== count) throw new Error(`${String(stored)} of ${String(count)} bodies were stored`);
}

/** Bodies a second from the moment the worker has taken the first tenth, so that its start does not count. */
async function drainRate(stage: Stage): Promise<number> {
  const all = await waitingBodies(stage);
  const fromCount = await until(
    'the worker to begin',
    async () => {
      const waiting = await waitingBodies(stage);
      return waiting < all * 0.9 ? waiting : false;
    },
    60_000,
  );
  const startedMs = performance.now();
  await until('the inbox to be empty', async () => (await waitingBodies(stage)) === 0, 120_000);
  return fromCount / ((performance.now() - startedMs) / 1000);
}

interface Measured {
  readonly bare: number[];
  readonly intake: number[];
  readonly latencies: number[];
  readonly newRate: number;
  readonly knownRate: number;
}

function topicOf(plan: WebhookPlan, { bare, intake, latencies, newRate, knownRate }: Measured): Topic {
  const ratio = median(intake) / median(bare);
  const [p50, p99] = [quantile(latencies, 0.5), quantile(latencies, 0.99)];
  return {
    title: 'Webhook intake',
    how: `Signed bodies of one message each over kept-alive HTTP to one API process, sealed and durable before the 200; the client stands on the same cores. "Bare" inserts the same bytes, one statement each over 20 connections, without HTTP, signature or encryption. ${String(plan.bodies)} bodies a run, median of ${String(plan.runs)} (all runs).`,
    rows: [
      ['most bodies taken', runsOf(intake, 'bodies/s'), ''],
      ['bare insert', runsOf(bare, 'rows/s'), ''],
      ['ratio to bare', percent(ratio), met('>= 70 %', ratio >= 0.7)],
      [`p50 at ${String(plan.offeredPerSecond)} bodies/s offered`, `${p50.toFixed(1)} ms`, ''],
      [`p99 at ${String(plan.offeredPerSecond)} bodies/s offered`, `${p99.toFixed(1)} ms`, met('< 50 ms', p99 < 50)],
      ['given meaning by one worker, new people', runsOf([newRate], 'events/s'), ''],
      ['given meaning by one worker, known people', runsOf([knownRate], 'events/s'), ''],
    ],
  };
}
