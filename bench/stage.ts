import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { KeyRing } from '../src/domain/keyring.types';
import { systemClock } from '../src/kernel/clock';
import { randomIds } from '../src/kernel/ids';
import { openEmbeddedPostgres } from '../src/platform/embedded';
import { openKeyRing, postgresRingRegistry } from '../src/platform/keyring';
import { openDatabase, type OpenDatabase } from '../src/platform/postgres/database';
import { generatedSecrets } from '../src/platform/secrets/generated-secrets';
import type { SandboxState } from '../src/sandbox';
import { apiOf, type Api } from '../test/support/api';
import { newDataDir } from '../test/support/data-dir';
import { runCli, startProgram, type Program } from '../test/support/program';
import type { SandboxOrder } from './sandbox-process';

const APP_ID = '900100200300402';
const VERIFY_TOKEN = 'a-verify-token';
const REGISTER = path.join(__dirname, '../test/support/typescript-register.cjs');

export interface StagePage {
  readonly id: string;
  readonly uuid: string;
  readonly accountId: string;
  readonly metaPageId: string;
  readonly token: string;
}

export interface Arrival {
  readonly page_id: string;
  readonly at_ms: number;
}

/** The real processes, compiled: API, workers, PostgreSQL, and Messenger played in a process of its own. */
export interface Stage {
  readonly api: Api;
  readonly apiUrl: string;
  readonly db: OpenDatabase;
  readonly databaseUrl: string;
  readonly keyRing: KeyRing;
  readonly pages: readonly StagePage[];
  readonly appSecret: string;
  readonly graphUrl: string;
  startWorker(queues?: string): Promise<Program>;
  /** Where the sandbox sends its webhooks from now on. */
  webhooksTo(target: 'program' | 'nowhere'): void;
  sandboxState(): Promise<SandboxState>;
  /** Every message that reached the sandbox. */
  arrivals(): Promise<Arrival[]>;
  stop(): Promise<void>;
}

export interface StageOptions {
  readonly pages: number;
  readonly ratePerSecond: number;
  /** What the sandbox allows a Page; 0: anything. */
  readonly callsPerSecond: number;
}

export async function openStage(options: StageOptions): Promise<Stage> {
  const closers: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    return { ...(await open(options, closers)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function open(options: StageOptions, closers: (() => Promise<unknown>)[]): Promise<Omit<Stage, 'stop'>> {
  const dataDir = newDataDir();
  closers.push(async () => {
    await rm(dataDir, { recursive: true, force: true });
  });
  const postgres = await openEmbeddedPostgres({ dataDir });
  closers.push(() => postgres.release());
  const appSecret = randomBytes(16).toString('hex');
  const sandbox = await startSandbox({
    appId: APP_ID,
    appSecret,
    verifyToken: VERIFY_TOKEN,
    seed: randomBytes(32).toString('base64'),
    pages: options.pages,
    callsPerSecond: options.callsPerSecond,
  });
  closers.push(() => ended(sandbox.child));
  const sink = await startSink();
  closers.push(sink.close);

  const env = {
    DATA_DIR: dataDir,
    HTTP_PORT: '0',
    DATABASE_URL: postgres.url,
    META_APP_ID: APP_ID,
    META_APP_SECRET: appSecret,
    META_VERIFY_TOKEN: VERIFY_TOKEN,
    META_GRAPH_URL: sandbox.graphUrl,
    ...(process.env.BENCH_NODE_OPTIONS === undefined ? {} : { NODE_OPTIONS: process.env.BENCH_NODE_OPTIONS }),
  };
  const program = startProgram('src/main', env);
  closers.push(() => stopped(program));
  await program.ready();
  const { json } = await runCli(env, 'account', 'create', '--email', 'you@example.com', '--name', 'Bench');
  const { api_key: apiKey } = json as { api_key: { key: string } };
  const api = apiOf(program.url(), apiKey.key);
  const state = () => fetch(`${sandbox.url}/state?summary=1`).then((answer) => answer.json() as Promise<SandboxState>);
  await connectPages(api, (await state()).pages, options.ratePerSecond);

  const db = await openDatabase({ url: postgres.url, poolSize: 8, applicationName: 'assent-bench' });
  closers.push(() => db.close());
  const { masterKey } = generatedSecrets(dataDir);
  const keyRing = await openKeyRing({
    dir: path.join(dataDir, 'keys'),
    seals: [masterKey],
    registry: postgresRingRegistry(db),
    clock: systemClock,
    ids: randomIds,
  });
  const rows = await db.rows<Omit<StagePage, 'token'>>(
    `select id, public_id as uuid, account_id as "accountId", meta_page_id as "metaPageId" from page order by id`,
  );
  const tokens = new Map((await state()).pages.map((page) => [page.id, page.token]));
  const webhooksTo = (target: 'program' | 'nowhere') =>
    void sandbox.child.send(target === 'program' ? `${program.url()}/webhook` : sink.url);
  webhooksTo('program');
  return {
    api,
    apiUrl: program.url(),
    db,
    databaseUrl: postgres.url,
    keyRing,
    pages: rows.map((row) => ({ ...row, token: tokens.get(row.metaPageId) ?? '' })),
    appSecret,
    graphUrl: sandbox.graphUrl,
    startWorker: async (queues = 'inbox,send,control') => {
      const worker = startProgram('workers/main', { ...env, WORKER_QUEUES: queues });
      closers.push(() => stopped(worker));
      await worker.ready();
      return worker;
    },
    webhooksTo,
    sandboxState: state,
    arrivals: async () => {
      const answer = await fetch(`${sandbox.url}/state/receipts?limit=1000000`);
      const lines = (await answer.text()).trimEnd().split('\n');
      return lines.map((line) => JSON.parse(line) as Arrival);
    },
  };
}

async function connectPages(api: Api, pages: SandboxState['pages'], ratePerSecond: number): Promise<void> {
  for (const page of pages) {
    await api.expect(201, 'POST', '/v1/pages', {
      page_id: page.id,
      name: page.name,
      access_token: page.token,
      rate_per_second: ratePerSecond,
      ...(ratePerSecond > 40 ? { accept_risk_above_40: true } : {}),
    });
  }
}

async function startSandbox(order: SandboxOrder) {
  const child = fork(path.join(__dirname, 'sandbox-process.ts'), { execArgv: ['-r', REGISTER] });
  child.send(order);
  const [ready] = (await once(child, 'message')) as [{ url: string; graphUrl: string }];
  return { child, ...ready };
}

async function startSink(): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const server = http.createServer((req, res) => {
    req.resume();
    req.once('end', () => res.writeHead(200).end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}/`,
    close: () => {
      server.closeAllConnections();
      server.close();
      return Promise.resolve();
    },
  };
}

const isRunning = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;

async function stopped(program: Program): Promise<void> {
  if (isRunning(program.child)) await program.stop();
}

async function ended(child: ChildProcess): Promise<void> {
  if (!isRunning(child)) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}
