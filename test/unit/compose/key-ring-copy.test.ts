import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { announceKeyRingCopy, openKeyRingCopy, tryWritingCopy } from '../../../src/compose/key-ring-copy';
import type { Log } from '../../../src/kernel/log';
import { memoryRegistry } from '../platform/keyring/memory-registry';

let root: string;
let logged: unknown[];
const log: Log = {
  event: () => undefined,
  warn: () => undefined,
  error: (name, fields) => void logged.push({ name, ...fields }),
};

beforeEach(async () => {
  logged = [];
  root = await mkdtemp(path.join(tmpdir(), 'assent-copy-'));
  await writeFile(path.join(root, 'file'), '');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const config = (copy: string) => ({ keyRingDir: path.join(root, 'keys'), keyRingCopyDir: path.join(root, copy) });

describe('a copy that cannot be brought in step', () => {
  it.each([
    ['file', 'EEXIST'],
    ['file/below', 'ENOTDIR'],
    ['volume/copy', 'ENOENT'],
  ])('tells the log why: %s', async (place, errno) => {
    const copy = await openKeyRingCopy({ config: config(place), registry: memoryRegistry(), log });
    await expect(copy?.update()).rejects.toMatchObject({
      code: 'key_ring_copy_failed',
      message: expect.stringMatching(
        new RegExp(`^the copy of the key ring in KEYRING_COPY_DIR .*[(]${errno}[)]$`),
      ) as string,
    });
    expect(logged).toEqual([{ name: 'keys.copy_failed', code: errno }]);
    expect(existsSync(path.join(root, 'volume'))).toBe(false);
    await expect(copy?.update()).rejects.toMatchObject({ code: 'key_ring_copy_failed' });
    expect(logged).toHaveLength(1);
  });

  it('tells the log of a fault of something else too, and leaves it what it is', async () => {
    const fault = new RangeError('hidden');
    const registry = { ...memoryRegistry(), all: () => Promise.reject(fault) };
    const copy = await openKeyRingCopy({ config: config('copy'), registry, log });
    await expect(copy?.update()).rejects.toBe(fault);
    expect(logged).toEqual([{ name: 'keys.copy_failed', code: 'RangeError' }]);
  });
});

describe('at the start', () => {
  it('a copy that cannot be written is said, and keeps nothing from starting', async () => {
    const said: string[] = [];
    await announceKeyRingCopy(config('file/below'), log, (text) => said.push(text));
    expect(logged).toEqual([{ name: 'keys.copy_failed', code: 'ENOTDIR' }]);
    expect(said).toEqual([
      'the directory of KEYRING_COPY_DIR cannot be used: it is no directory, or lies below something that is none (ENOTDIR); no erasure is certified before the copy is in step',
    ]);
  });

  it('nothing is said of one that can, and nothing is left there', async () => {
    const said: string[] = [];
    await announceKeyRingCopy(config('copy'), log, (text) => said.push(text));
    await announceKeyRingCopy({ keyRingCopyDir: null }, log, (text) => said.push(text));
    expect([said, logged, await readdir(path.join(root, 'copy'))]).toEqual([[], [], []]);
  });
});

it('is tried by writing, and left as it was', async () => {
  await mkdir(path.join(root, 'copy'));
  await tryWritingCopy({ config: config('copy') });
  expect(await readdir(path.join(root, 'copy'))).toEqual([]);
  await expect(tryWritingCopy({ config: config('file') })).rejects.toMatchObject({ code: 'directory_unusable' });
  await expect(tryWritingCopy({ config: config('gone') })).rejects.toMatchObject({ code: 'directory_unusable' });
});
