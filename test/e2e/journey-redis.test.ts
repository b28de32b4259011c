import { Redis } from 'ioredis';
import { makeScanFootprint } from '../../src/domain/footprint';
import { randomIds } from '../../src/kernel/ids';
import { connectRedis } from '../../src/platform/redis/connection';
import { redisFootprint } from '../../src/platform/redis/redis-footprint';
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis';
import { scanFiles } from '../support/scan';
import { until } from '../support/until';
import { takesTheWholeMachine } from '../support/whole-machine';
import { startCluster, type Cluster } from './cluster';
import {
  broadcastOf,
  CANARY,
  connectPages,
  expectAddsUp,
  expectNobodyTwice,
  expectNothingAfterWithdrawal,
  expectWithinRate,
  gatherLeads,
  launchBroadcast,
  PERSON_CANARY,
  receivedBroadcast,
  sandboxState,
  unsubscribeSome,
  withdrawalTimes,
  type StagePage,
} from './journey';

const PLAN = [
  { people: 200, ratePerSecond: 35 },
  { people: 500, ratePerSecond: 60 },
  { people: 500, ratePerSecond: 60 },
];
const TOTAL = 1_200;
const LEAVERS = 40;

takesTheWholeMachine();

describeWithRedis('the journey on Redis, with two API and two worker processes', () => {
  let redis: TestRedis;
  let cluster: Cluster;
  let pages: StagePage[];

  beforeAll(async () => {
    redis = await startRedis();
    cluster = await startCluster({ apis: 2, workers: 2, redisUrl: redis.url });
  }, 120_000);

  afterAll(async () => {
    await cluster.stop();
    await redis.stop();
  }, 60_000);

  it('gathers everybody once', async () => {
    pages = await connectPages(cluster.stage, PLAN);
    await gatherLeads(cluster.stage, pages);
    const { totals } = await sandboxState(cluster.stage, 'summary=1');
    expect(totals.received).toBe(TOTAL);
  }, 310_000);

  it('loses the whole queue in the middle of a broadcast, and nothing but time', async () => {
    const { stage } = cluster;
    const broadcastId = await launchBroadcast(stage, pages);
    const page = pages[2];
    if (page === undefined) throw new Error('no Page');
    await until('the first hundreds', async () => (await broadcastOf(stage, broadcastId)).stats.accepted > 200, 60_000);
    const client = new Redis(redis.url);
    await client.flushall();
    await client.quit();
    const left = await unsubscribeSome(stage, page, LEAVERS, 3_000);
    await until(
      'the broadcast to complete',
      async () => (await broadcastOf(stage, broadcastId)).status === 'completed',
      240_000,
    );

    const received = await receivedBroadcast(stage, pages);
    const broadcast = await broadcastOf(stage, broadcastId);
    expectAddsUp(broadcast, TOTAL);
    expectNobodyTwice(received);
    expectNothingAfterWithdrawal(received, await withdrawalTimes(stage, page, left));
    expect(received.every(({ hasUnsubscribe }) => hasUnsubscribe)).toBe(true);
    const stayed = new Set(received.map(({ psid }) => psid).filter((psid) => !left.has(psid)));
    expect(stayed.size).toBe(TOTAL - LEAVERS);
    expect(broadcast.stats.accepted).toBe(received.length);
    expect(broadcast.stats.uncertain).toBe(0);
    expect(broadcast.stats.skipped.unsubscribed).toBe(TOTAL - received.length);
    expect(broadcast.stats.skipped.unsubscribed).toBeGreaterThan(0);
    await expectWithinRate(stage, pages);
  }, 280_000);

  it('keeps personal values out of Redis and out of every output', async () => {
    const psids = new Set((await sandboxState(cluster.stage, 'limit=10000')).people.map(({ psid }) => psid));
    expect(psids.size).toBe(TOTAL);
    const folders = [redis.dir, cluster.dataDir];
    expect(scanFiles(folders, [CANARY, PERSON_CANARY], psids)).toEqual([]);
    const patterns = [CANARY, PERSON_CANARY, ...psids];
    expect(scanFiles([redis.dir], ['send-chunk'])).not.toEqual([]);
    const scan = makeScanFootprint({ ids: randomIds, stores: [redisFootprint(() => connectRedis(redis.url))] });
    const [inRedis] = await scan([CANARY, PERSON_CANARY, ...[...psids].slice(0, 20)]);
    expect(inRedis).toMatchObject({ store: 'redis', sight: 'seen', hits: [] });
    expect((await scan(['send-chunk']))[0]!.hits).not.toEqual([]);
    expect(patterns.filter((pattern) => cluster.output().includes(pattern))).toEqual([]);
  });

  it('ends every process at SIGTERM', async () => {
    const codes = await Promise.all([...cluster.apis, ...cluster.workers].map((program) => program.stop()));
    expect(codes).toEqual([0, 0, 0, 0]);
  }, 60_000);
});
