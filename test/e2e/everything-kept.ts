import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  watch,
  writeFileSync,
  type FSWatcher,
} from 'node:fs';
import path from 'node:path';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import type { StoreFootprint } from '../../src/domain/footprint';
import { samplesOf } from '../support/metrics';
import { runCliOn, type Program } from '../support/program';
import type { TestRedis } from '../support/redis';
import { scanFiles } from '../support/scan';
import type { Cluster } from './cluster';

/** Where an installation keeps what it keeps, by the variable that says so. */
export type Folders = Readonly<Record<'DATA_DIR' | 'KEYRING_DIR' | 'KEYRING_COPY_DIR' | 'TMPDIR', string>>;

export interface Kept {
  readonly cluster: Cluster;
  readonly redis: TestRedis;
  readonly folders: Folders;
  /** What left the installation: output, answers, metrics, mail. As files, so that they are looked at like files. */
  readonly outside: string;
}

/** Puts the output of every program, its environment, and the answers at these public and private addresses into `outside`. */
export async function gatherOutside(
  { cluster, outside }: Kept,
  addresses: readonly string[],
  headers: Record<string, string>,
): Promise<void> {
  mkdirSync(outside, { recursive: true });
  const keep = (name: string, bytes: string | Buffer): void => writeFileSync(path.join(outside, name), bytes);
  const programs: readonly Program[] = [...cluster.apis, ...cluster.workers];
  programs.forEach((program, n) => {
    const { child } = program;
    keep(`output-${String(n)}`, program.output());
    for (const file of ['environ', 'cmdline']) {
      const about = `/proc/${String(child.pid)}/${file}`;
      if (existsSync(about)) keep(`${file}-${String(n)}`, readFileSync(about));
    }
  });
  for (const [n, address] of addresses.entries()) {
    const answer = await fetch(`${cluster.apis[0]!.url()}${address}`, { headers });
    keep(`answer-${String(n)}`, await answer.text());
  }
}

/** Brings to disk what the servers hold in memory. */
export async function settle({ cluster, redis }: Kept): Promise<void> {
  const client = new Client({ connectionString: cluster.postgres.url });
  await client.connect();
  await client.query('checkpoint');
  await client.end();
  const connection = new Redis(redis.url);
  await connection.save();
  await connection.quit();
}

/** `assent footprint` over everything, by store. */
export async function footprintOf(kept: Kept, values: readonly string[]): Promise<Map<string, StoreFootprint>> {
  const { cluster, redis, folders, outside } = kept;
  const paths = [redis.dir, folders.TMPDIR, outside].flatMap((folder) => ['--path', folder]);
  const { json } = await runCliOn(`${values.join('\n')}\n`, cluster.env, 'footprint', '-', ...paths);
  const { stores } = json as { stores: StoreFootprint[] };
  return new Map(stores.map((store) => [store.store, store]));
}

/** The forms in which a second scanner, which has nothing of the first one's, looks through the bytes. */
export const formsOf = (value: string): string[] => {
  const bytes = Buffer.from(value);
  const base64 = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
    return text.slice(shift === 0 ? 0 : shift + 1, -4);
  });
  return [value, Buffer.from(value, 'utf16le').toString('latin1'), bytes.toString('hex'), ...base64];
};

/** Files in which the second scanner finds one of these. */
export function rawHits({ redis, folders, outside }: Kept, values: readonly string[]): string[] {
  const found = scanFiles([...Object.values(folders), redis.dir, outside], values.flatMap(formsOf));
  return [...new Set(found.map(({ file }) => file))];
}

/** Every name that a running program gives a file or a key, also of those that are gone a moment later. */
export async function watchNames(folders: Folders, redis: TestRedis) {
  const files = new Set<string>();
  const keys = new Set<string>();
  const watchers: FSWatcher[] = Object.entries(folders).map(([variable, folder]) =>
    // Folders of others come and go in these two; what is left in them is looked at in the end.
    watch(folder, { recursive: variable !== 'DATA_DIR' && variable !== 'TMPDIR' }, (_, name) => {
      if (name !== null) files.add(`${variable}/${name}`);
    }),
  );
  // A folder that is gone before it is watched.
  for (const watcher of watchers) watcher.on('error', () => undefined);
  const subscriber = new Redis(redis.url);
  await subscriber.config('SET', 'notify-keyspace-events', 'KEA');
  await subscriber.psubscribe('__keyspace@0__:*');
  subscriber.on('pmessage', (_pattern, channel: string) => keys.add(channel.slice('__keyspace@0__:'.length)));
  return {
    files: (): string[] => {
      for (const [variable, folder] of Object.entries(folders)) {
        for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
          if (entry.isFile())
            files.add(`${variable}/${path.relative(folder, path.join(entry.parentPath, entry.name))}`);
      }
      return [...files].filter((name) => !isFolder(folders, name, files));
    },
    keys: (): string[] => [...keys],
    close: async () => {
      for (const watcher of watchers) watcher.close();
      await subscriber.quit();
    },
  };
}

function isFolder(folders: Folders, name: string, all: ReadonlySet<string>): boolean {
  const [variable = '', ...rest] = name.split('/');
  const found = statSync(path.join(folders[variable as keyof Folders], ...rest), { throwIfNoEntry: false });
  return found?.isDirectory() ?? [...all].some((other) => other.startsWith(`${name}/`));
}

export async function metricsOf({ cluster }: Kept): Promise<string[]> {
  const scraped = await Promise.all(cluster.apis.map(async (api) => (await fetch(`${api.url()}/metrics`)).text()));
  return [...new Set(scraped.flatMap(samplesOf))];
}
