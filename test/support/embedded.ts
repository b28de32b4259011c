import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { inspectProcess } from '../../src/platform/embedded/processes';

export interface Child {
  readonly process: ChildProcess;
  /** Connection string, once it has the server. */
  readonly url: Promise<string>;
  readonly exited: Promise<{ code: number | null; errors: string }>;
  release(): Promise<{ code: number | null; errors: string }>;
}

const children = new Set<ChildProcess>();

/** Starts embedded-child.ts on this DATA_DIR. */
export function startChild(dataDir: string, options: SpawnOptions = {}): Child {
  const args = ['-r', join(__dirname, 'typescript-register.cjs'), join(__dirname, 'embedded-child.ts'), dataDir];
  const child = spawn(process.execPath, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
  children.add(child);
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const exited = new Promise<{ code: number | null; errors: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, errors })),
  );
  const url = new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (chunk: Buffer) => resolve((JSON.parse(chunk.toString()) as { url: string }).url));
    void exited.then(() => reject(new Error(`the child ended: ${errors}`)));
  });
  url.catch(() => undefined);
  return {
    process: child,
    url,
    exited,
    release: () => {
      child.stdin.end();
      return exited;
    },
  };
}

/** A DATA_DIR that every account can enter, unless `mode` says otherwise for the folder above it. */
export function makeDataDir(mode = 0o755): string {
  const parent = mkdtempSync(join(tmpdir(), 'assent-embedded-'));
  chmodSync(parent, mode);
  return join(parent, 'data');
}

/** Ends what a failed test left behind, and deletes everything. */
export async function removeDataDir(dataDir: string): Promise<void> {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
  const pid = postmasterPid(dataDir);
  if (pid !== undefined && (await inspectProcess(pid))) {
    process.kill(pid, 'SIGQUIT');
    await until(async () => !(await inspectProcess(pid)));
  }
  rmSync(dirname(dataDir), { recursive: true, force: true, maxRetries: 10 });
}

export function postmasterPid(dataDir: string): number | undefined {
  const file = join(dataDir, 'postgres', 'postmaster.pid');
  return existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : undefined;
}

export async function isRunning(pid: number): Promise<boolean> {
  return (await inspectProcess(pid)) !== undefined;
}

export async function query<Row extends object>(url: string, text: string, values: unknown[] = []): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}

export async function until(condition: () => boolean | Promise<boolean>, limitMs = 20_000): Promise<void> {
  const deadlineMs = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error('the condition did not come true');
    await delay(5);
  }
}
