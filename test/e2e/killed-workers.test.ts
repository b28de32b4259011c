import { runCli } from '../support/program';
import { until } from '../support/until';
import { takesTheWholeMachine } from '../support/whole-machine';
import { startCluster, type Cluster } from './cluster';
import {
  authorisedAttempts,
  broadcastOf,
  connectPages,
  expectAddsUp,
  expectNobodyTwice,
  expectReceivedWithinDefault,
  gatherLeads,
  launchBroadcast,
  receivedBroadcast,
  setFaults,
  type StagePage,
} from './journey';

const PLAN = [
  { people: 200, ratePerSecond: 35 },
  { people: 600, ratePerSecond: 120 },
];
const TOTAL = 800;

takesTheWholeMachine();

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
    // Slow answers keep messages in flight; of those that Meta took without our hearing, some echoes never come.
    await setFaults(stage, {
      rules: [
        { match: {}, answer: { slow_ms: 400 } },
        { match: { every: 3 }, answer: 'no_echo' },
      ],
    });
    const broadcastId = await launchBroadcast(stage, pages);
    await until(
      'messages in flight',
      async () => {
        const { accepted: taken, sending: inFlight } = (await broadcastOf(stage, broadcastId)).stats;
        return taken > 100 && inFlight > 20;
      },
      60_000,
    );
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
    expect(uncertain).toBeGreaterThan(0);
    expect(uncertain).toBeLessThan(200);
    expect(received.length).toBeGreaterThanOrEqual(accepted);
    expect(received.length).toBeLessThanOrEqual(accepted + uncertain);
    await expectReceivedWithinDefault(stage, pages);
    const audit = await runCli(cluster.env, 'audit');
    const messages = await authorisedAttempts(stage);
    expect(messages).toBeGreaterThanOrEqual(TOTAL);
    expect(audit.json).toMatchObject({ ok: true, findings: [], people: TOTAL, messages });
  }, 280_000);
});
