import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { randomIds } from '../../../../src/kernel/ids';
import { openRingFiles } from '../../../../src/platform/keyring/ring-files';
import { makeRingStore } from '../../../../src/platform/keyring/ring-store';
import { readRingsAsTheyAre, registryOf } from '../../../../src/platform/keyring/rings-as-they-are';
import { memoryRegistry, type MemoryRegistry } from './memory-registry';

const seal = Buffer.alloc(32, 1);
let dir: string;
let registry: MemoryRegistry;

const write = async (ring: string, times: number): Promise<void> => {
  const files = await openRingFiles(dir);
  const store = makeRingStore({ seals: [seal], files, registry, ids: randomIds });
  for (let n = 0; n < times; n += 1) await store.replace(ring, () => Buffer.alloc(64, n));
};

beforeEach(async () => {
  dir = await mkdtemp(`${tmpdir()}/assent-as-they-are-`);
  registry = memoryRegistry();
});
afterEach(() => rm(dir, { recursive: true, force: true }));

it('reads the generation of each file, whatever a database says', async () => {
  await write('system', 3);
  await write('page-a', 1);
  const rows = await readRingsAsTheyAre(dir, [Buffer.alloc(32, 9), seal]);
  expect([...rows].sort()).toEqual([...registry.rows].sort());
  expect(rows.get('system')?.generation).toBe(3);
  await expect(readRingsAsTheyAre(dir, [Buffer.alloc(32, 9)])).rejects.toMatchObject({ code: 'master_key_wrong' });
});

it('takes the successor of a file that a crash had overwritten', async () => {
  await write('page-a', 2);
  const file = path.join(dir, 'page-a.bin');
  const whole = await readFile(file);
  await writeFile(`${file}.next`, whole);
  await writeFile(file, Buffer.alloc(whole.length, 7));
  expect((await readRingsAsTheyAre(dir, [seal])).get('page-a')?.generation).toBe(2);
  expect(await readFile(file)).toEqual(whole);
});

it('is a registry of its own for the time of a restore', async () => {
  await write('page-a', 2);
  const files = registryOf(await readRingsAsTheyAre(dir, [seal]));
  const store = makeRingStore({ seals: [seal], files: await openRingFiles(dir), registry: files, ids: randomIds });
  await store.replace('page-a', () => Buffer.alloc(64, 5));
  expect(await files.read('page-a')).toMatchObject({ generation: 3 });
  await store.destroy('page-a');
  expect([await files.all(), await files.read('page-a')]).toEqual([[], null]);
});
