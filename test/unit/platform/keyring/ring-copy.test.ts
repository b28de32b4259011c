import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { KeyRing } from '../../../../src/domain/keyring.types';
import { systemClock } from '../../../../src/kernel/clock';
import { randomIds } from '../../../../src/kernel/ids';
import {
  checkpointFile,
  endedFiles,
  erasedAccountsFile,
  examineRingCopy,
  leafFile,
  openKeyRing,
  openRingCopy,
  readKeyRing,
} from '../../../../src/platform/keyring';
import { memoryRegistry, type MemoryRegistry } from './memory-registry';

const PAGES = ['5c8a8f4e-64b0-4b7a-9c54-0d2b1b0e7a11', '5c8a8f4e-64b0-4b7a-9c54-0d2b1b0e7a12'] as const;
const DEK = Buffer.alloc(32, 0xdd);
const NOTE = 'log.test/consent\n7\nAAAA\n';

let root: string;
let registry: MemoryRegistry;
let rings: KeyRing;
const dirOf = (name: string): string => path.join(root, name);
const open = (name: string): Promise<KeyRing> =>
  openKeyRing({ dir: dirOf(name), seals: [Buffer.alloc(32, 1)], registry, clock: systemClock, ids: randomIds });
const update = async (): Promise<number> =>
  (await openRingCopy({ dir: dirOf('keys'), copyDir: dirOf('copy'), registry })).update();
const filesOf = async (name: string): Promise<Record<string, string>> =>
  Object.fromEntries(
    await Promise.all(
      (await readdir(dirOf(name))).map(async (file) => [
        file,
        (await readFile(dirOf(`${name}/${file}`))).toString('hex'),
      ]),
    ),
  ) as Record<string, string>;

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'assent-copy-'));
  registry = memoryRegistry();
  rings = await open('keys');
  for (const page of PAGES) await rings.createPageRing(page);
});
afterEach(() => rm(root, { recursive: true, force: true }));

it('holds every ring as it is now and the last checkpoint, replaces what changed, and nothing else', async () => {
  await checkpointFile(dirOf('keys')).write(NOTE);
  expect(await update()).toBe(3);
  expect(await filesOf('copy')).toEqual(await filesOf('keys'));
  expect(await update()).toBe(0);
  await rings.commit(PAGES[0], 0, await rings.stage(PAGES[0], 0));
  expect(await update()).toBe(1);
  expect(await filesOf('copy')).toEqual(await filesOf('keys'));
});

it('holds what a restored database needs: leaves, kept keys, deleted accounts', async () => {
  const [keys, copy] = [dirOf('keys'), dirOf('copy')];
  const leaves = Buffer.alloc(7 * 32, 0xaa);
  await leafFile(keys).write(0, leaves);
  await checkpointFile(keys).write(NOTE);
  await erasedAccountsFile(keys).add(Buffer.alloc(32, 0xee));
  await rings.keepLeadKeys(PAGES[0], 3, 2, [{ leadUuid: PAGES[1], dekWrapped: Buffer.alloc(40, 0xcc) }]);
  await update();
  expect(await leafFile(copy).read(0, 9)).toEqual(leaves);
  expect(await erasedAccountsFile(copy).all()).toEqual([Buffer.alloc(32, 0xee)]);
  expect(await (await open('copy')).keptLeadKeys(PAGES[0], 3, 2)).toHaveLength(1);
  // Leaves that the copied checkpoint does not sign may have been torn: they are written again.
  await leafFile(copy).write(7, Buffer.alloc(32, 0x11));
  await leafFile(keys).write(7, Buffer.alloc(32, 0xbb));
  await update();
  expect(await leafFile(copy).read(7, 8)).toEqual(Buffer.alloc(32, 0xbb));
  await rings.dropRing(PAGES[0]);
  await update();
  expect(await (await open('copy')).keptLeadKeys(PAGES[0], 3, 2)).toBeNull();
});

it('knows who left and which API keys were revoked', async () => {
  await endedFiles(dirOf('keys')).add(20_000, [{ mac: Buffer.alloc(16, 7), n: 3 }]);
  await update();
  expect(await endedFiles(dirOf('copy')).all()).toEqual(new Map([['07'.repeat(16), 3]]));
});

it('opens what the key ring opens, and no more than that: older keys are gone from it too', async () => {
  const old = rings.wrapLeadKey(PAGES[0], 0, 1, DEK);
  await update();
  await rings.commit(PAGES[0], 0, await rings.stage(PAGES[0], 0));
  const kept = rings.wrapLeadKey(PAGES[0], 0, 2, DEK);
  await expect((await open('copy')).reload(PAGES[0])).rejects.toMatchObject({ code: 'key_ring_mismatch' });
  await update();
  const copy = await open('copy');
  await copy.reload(PAGES[0]);
  expect(copy.unwrapLeadKey(PAGES[0], 0, 2, kept)).toEqual(DEK);
  expect(() => copy.unwrapLeadKey(PAGES[0], 0, 1, old)).toThrow(
    expect.objectContaining({ code: 'key_version_unknown' }) as Error,
  );
});

it('loses the ring of a Page that was dropped', async () => {
  await update();
  await rings.dropRing(PAGES[1]);
  expect(await update()).toBe(1);
  expect(Object.keys(await filesOf('copy')).sort()).toEqual([`page-${PAGES[0]}.bin`, 'system.bin']);
});

it('is not overwritten with a file that is not the one in force', async () => {
  await update();
  const before = await filesOf('copy');
  await rings.commit(PAGES[0], 0, await rings.stage(PAGES[0], 0));
  await writeFile(dirOf(`keys/page-${PAGES[0]}.bin`), 'damaged');
  await update();
  expect(await filesOf('copy')).toEqual(before);
});

it('is made in one new directory at the most, for those above it may be the mount point of a volume', async () => {
  const below = dirOf('volume/copy');
  const copy = await openRingCopy({ dir: dirOf('keys'), copyDir: below, registry });
  await expect(copy.update()).rejects.toMatchObject({ code: 'ENOENT' });
  expect(existsSync(dirOf('volume'))).toBe(false);
});

describe('how it stands to the key ring', () => {
  const examine = () => examineRingCopy({ dir: dirOf('keys'), copyDir: dirOf('copy'), registry });

  it('is in step after it was brought there', async () => {
    await update();
    expect(await examine()).toEqual({
      rings: 3,
      files: 3,
      missing: 0,
      outdated: 0,
      leftOver: 0,
      behindSince: null,
      isOnSameVolume: true,
    });
  });

  it('counts rings that are missing, of another generation, or destroyed, and since when the copy is behind', async () => {
    await update();
    await rings.commit(PAGES[0], 0, await rings.stage(PAGES[0], 0));
    await rings.dropRing(PAGES[1]);
    const added = '5c8a8f4e-64b0-4b7a-9c54-0d2b1b0e7a13';
    await rings.createPageRing(added);
    const behindSince = new Date((await stat(dirOf(`keys/page-${PAGES[0]}.bin`))).mtimeMs);
    expect(await examine()).toMatchObject({ rings: 3, files: 3, missing: 1, outdated: 1, leftOver: 1, behindSince });
  });

  it('cannot be said of one that is not there, and makes none', async () => {
    await expect(examine()).rejects.toMatchObject({ code: 'ENOENT' });
    expect(existsSync(dirOf('copy'))).toBe(false);
  });
});

describe('read as it lies there', () => {
  const read = (): Promise<KeyRing> =>
    readKeyRing({ dir: dirOf('copy'), seals: [Buffer.alloc(32, 1)], registry, clock: systemClock, ids: randomIds });

  it('opens what the key ring opens', async () => {
    await update();
    const wrapped = rings.wrapLeadKey(PAGES[0], 0, 1, DEK);
    const copy = await read();
    await copy.reload(PAGES[0]);
    expect(copy.unwrapLeadKey(PAGES[0], 0, 1, wrapped)).toEqual(DEK);
    expect(await copy.verifyAgainstRegistry()).toEqual({ ok: true });
  });

  it('is not made where there is none', async () => {
    await expect(read()).rejects.toMatchObject({ code: 'key_ring_mismatch' });
    expect(existsSync(dirOf('copy'))).toBe(false);
    registry.rows.clear();
    await expect(read()).rejects.toMatchObject({ code: 'key_ring_mismatch' });
    expect([existsSync(dirOf('copy')), registry.rows.size]).toEqual([false, 0]);
  });

  it.each(['.bin', '.bin.next'])('is not brought in order, neither its files nor the rows: %s', async (ending) => {
    await update();
    const [ring, row] = [`page-${PAGES[0]}`, registry.rows.get(`page-${PAGES[0]}`)];
    await rings.commit(PAGES[0], 0, await rings.stage(PAGES[0], 0));
    // As after a crash: the file, or what is to take its place, is one generation ahead of its row.
    await rm(dirOf(`copy/${ring}.bin`));
    registry.rows.set(ring, { ...row!, generation: registry.rows.get(ring)!.generation - 1 });
    await writeFile(dirOf(`copy/${ring}${ending}`), await readFile(dirOf(`keys/${ring}.bin`)));
    const before = [await filesOf('copy'), new Map(registry.rows)];
    await expect((await read()).reload(PAGES[0])).rejects.toMatchObject({ code: 'key_ring_mismatch' });
    expect([await filesOf('copy'), registry.rows]).toEqual(before);
  });
});
