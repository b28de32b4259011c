import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { systemClock } from '../../src/kernel/clock';
import { openEmbeddedPostgres, type EmbeddedPostgres } from '../../src/platform/embedded';
import { startSandboxServer, type SandboxServer } from '../../src/sandbox';
import { newDataDir } from '../support/data-dir';
import { apiOf } from '../support/api';
import { runCli, startProgram, type Program } from '../support/program';
import type { Stage } from './journey';

const APP_ID = '900100200300401';
const VERIFY_TOKEN = 'a-verify-token';

/** Several API and worker processes on one database and key ring, as in production, against a sandbox of its own. */
export interface Cluster {
  readonly stage: Stage;
  readonly postgres: EmbeddedPostgres;
  readonly sandbox: SandboxServer;
  readonly dataDir: string;
  /** Settings of its processes. */
  readonly env: Readonly<Record<string, string>>;
  /** Of the owner of the account. */
  readonly authorization: { readonly authorization: string };
  readonly apis: Program[];
  readonly workers: Program[];
  startWorker(): Promise<Program>;
  output(): string;
  stop(): Promise<void>;
}

export interface ClusterOptions {
  readonly apis: number;
  readonly workers: number;
  readonly redisUrl?: string;
  readonly settings?: Record<string, string>;
  /** More settings of its processes. */
  readonly env?: Record<string, string>;
}

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const dataDir = newDataDir();
  const postgres = await openEmbeddedPostgres({
    dataDir,
    settings: { track_commit_timestamp: 'on', ...options.settings },
  });
  const appSecret = randomBytes(16).toString('hex');
  let webhookUrls: string[] = [];
  let turn = 0;
  const sandbox = await startSandboxServer({
    appId: APP_ID,
    appSecret,
    verifyToken: VERIFY_TOKEN,
    seed: randomBytes(32),
    pages: 3,
    clock: systemClock,
    webhookUrl: () => webhookUrls[(turn += 1) % webhookUrls.length] ?? '',
  });
  const env: Record<string, string> = {
    DATA_DIR: dataDir,
    HTTP_PORT: '0',
    DATABASE_URL: postgres.url,
    META_APP_ID: APP_ID,
    META_APP_SECRET: appSecret,
    META_VERIFY_TOKEN: VERIFY_TOKEN,
    META_GRAPH_URL: sandbox.graphUrl,
    ...(options.redisUrl === undefined ? {} : { REDIS_URL: options.redisUrl }),
    ...options.env,
  };
  const started: Program[] = [];
  const start = (name: 'src/main' | 'workers/main') => {
    const program = startProgram(name, env);
    started.push(program);
    return program;
  };
  const startWorker = async () => {
    const worker = start('workers/main');
    await worker.ready();
    return worker;
  };
  const apis = Array.from({ length: options.apis }, () => start('src/main'));
  await Promise.all(apis.map((api) => api.ready()));
  webhookUrls = apis.map((api) => `${api.url()}/webhook`);
  const workers = await Promise.all(Array.from({ length: options.workers }, startWorker));
  const { json } = await runCli(env, 'account', 'create', '--email', 'you@example.com', '--name', 'Harbour Coffee');
  const { api_key: apiKey } = json as { api_key: { key: string } };
  return {
    stage: { api: apiOf(apis[0]?.url() ?? '', apiKey.key), sandboxUrl: sandbox.url, databaseUrl: postgres.url },
    postgres,
    sandbox,
    dataDir,
    env,
    authorization: { authorization: `Bearer ${apiKey.key}` },
    apis,
    workers,
    startWorker,
    output: () => started.map((program) => program.output()).join('\n'),
    stop: async () => {
      await Promise.all(
        started
          .filter(({ child }) => child.exitCode === null && child.signalCode === null)
          .map((program) => program.stop()),
      );
      await sandbox.close();
      await postgres.release();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
