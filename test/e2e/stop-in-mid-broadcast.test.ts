import { rmSync } from 'node:fs';
import { openEmbeddedPostgres, type EmbeddedPostgres } from '../../src/platform/embedded';
import { apiOf } from '../support/api';
import { newDataDir } from '../support/data-dir';
import { runCli, startProgram, type Program } from '../support/program';
import { until } from '../support/until';
import { takesTheWholeMachine } from '../support/whole-machine';
import {
  authorisedAttempts,
  broadcastOf,
  connectPages,
  expectAddsUp,
  expectNobodyTwice,
  gatherLeads,
  launchBroadcast,
  receivedBroadcast,
  type Stage,
  type StagePage,
} from './journey';

const TOTAL = 600;

takesTheWholeMachine();

describe('SIGTERM in the middle of a broadcast', () => {
  let dataDir: string;
  let postgres: EmbeddedPostgres;
  let program: Program;
  let env: Record<string, string>;
  let key: string;
  let pages: StagePage[];

  const stageOf = (running: Program): Stage => ({
    api: apiOf(running.url(), key),
    sandboxUrl: `${running.url()}/sandbox`,
    databaseUrl: postgres.url,
  });

  beforeAll(async () => {
    dataDir = newDataDir();
    postgres = await openEmbeddedPostgres({ dataDir });
    env = { DATA_DIR: dataDir, HTTP_PORT: '0' };
    program = startProgram('workers/all-in-one', env);
    await program.ready();
    const { json } = await runCli(env, 'account', 'create', '--email', 'you@example.com', '--name', 'Harbour Coffee');
    key = (json as { api_key: { key: string } }).api_key.key;
    pages = await connectPages(stageOf(program), [{ people: TOTAL, ratePerSecond: 120 }]);
    await gatherLeads(stageOf(program), pages);
  }, 180_000);

  afterAll(async () => {
    if (program.child.exitCode === null) await program.stop('SIGKILL');
    await postgres.release();
    rmSync(dataDir, { recursive: true, force: true });
  }, 60_000);

  it('ends at once, leaves nobody in doubt, and goes on where it stood', async () => {
    const broadcastId = await launchBroadcast(stageOf(program), pages);
    await until(
      'the first messages',
      async () => (await broadcastOf(stageOf(program), broadcastId)).stats.accepted > 60,
      60_000,
    );
    expect(await program.stop()).toBe(0);

    program = startProgram('workers/all-in-one', env);
    await program.ready();
    const stage = stageOf(program);
    const before = await broadcastOf(stage, broadcastId);
    expect(before.stats.accepted).toBeLessThan(TOTAL);
    await until(
      'the broadcast to complete',
      async () => (await broadcastOf(stage, broadcastId)).status === 'completed',
      90_000,
    );
    const broadcast = await broadcastOf(stage, broadcastId);
    expectAddsUp(broadcast, TOTAL);
    expect(broadcast.stats).toMatchObject({ accepted: TOTAL, uncertain: 0, rejected: 0 });
    const received = await receivedBroadcast(stage, pages);
    expectNobodyTwice(received);
    expect(received).toHaveLength(TOTAL);
    const audit = await runCli(env, 'audit');
    const messages = await authorisedAttempts(stage);
    expect(messages).toBeGreaterThanOrEqual(TOTAL);
    expect(audit.json).toMatchObject({ ok: true, findings: [], people: TOTAL, messages });
  }, 200_000);
});
