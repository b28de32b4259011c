import { until } from '../support/until';
import { startCluster, type Cluster } from './cluster';
import {
  broadcastOf,
  connectPages,
  expectAddsUp,
  expectNobodyTwice,
  gatherLeads,
  launchBroadcast,
  receivedBroadcast,
  setFaults,
  type StagePage,
} from './journey';

const PLAN = [
  { people: 300, ratePerSecond: 35 },
  { people: 1_000, ratePerSecond: 120 },
];
const TOTAL = 1_300;

describe('workers killed with -9 in the middle of a broadcast', () => {
  let cluster: Cluster;
  let pages: StagePage[];

  beforeAll(async () => {
    cluster = await startCluster({ apis: 1, workers: 2 });
    pages = await connectPages(cluster.stage, PLAN);
    await gatherLeads(cluster.stage, pages);
  }, 240_000);

  afterAll(() => cluster.stop(), 60_000);

  it('gives nobody a message twice and accounts for everybody', async () => {
    const { stage } = cluster;
    // Answers that never come leave rows in doubt, and echoes that never come leave them there.
    await setFaults(stage, { rules: [{ match: { every: 40 }, answer: 'no_echo' }] });
    const broadcastId = await launchBroadcast(stage, pages);
    await until('the first messages', async () => (await broadcastOf(stage, broadcastId)).stats.accepted > 100, 60_000);
    for (const worker of cluster.workers) worker.child.kill('SIGKILL');
    await cluster.startWorker();
    await cluster.startWorker();
    await until(
      'the broadcast to complete',
      async () => (await broadcastOf(stage, broadcastId)).status === 'completed',
      180_000,
    );

    const received = await receivedBroadcast(stage, pages);
    const broadcast = await broadcastOf(stage, broadcastId);
    expectAddsUp(broadcast, TOTAL);
    expectNobodyTwice(received);
    const { accepted, uncertain, rejected, pending, sending } = broadcast.stats;
    expect({ rejected, pending, sending }).toEqual({ rejected: 0, pending: 0, sending: 0 });
    expect(accepted + uncertain).toBe(TOTAL);
    expect(received.length).toBeGreaterThanOrEqual(accepted);
    expect(received.length).toBeLessThanOrEqual(accepted + uncertain);
  }, 280_000);
});
