import { chmod, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { KeyRing } from '../../../../src/domain/keyring.types';
import type { Clock } from '../../../../src/kernel/clock';
import { randomIds } from '../../../../src/kernel/ids';
import { openKeyRing } from '../../../../src/platform/keyring';
import type { RingRegistry } from '../../../../src/platform/keyring/ring-registry.types';
import { memoryRegistry, type MemoryRegistry } from './memory-registry';

const SEAL = Buffer.alloc(32, 1);
const PAGE = '5c8a8f4e-64b0-4b7a-9c54-0d2b1b0e7a11';
const RING = `page-${PAGE}`;
const DEK = Buffer.alloc(32, 0xdd);
const DAY_MS = 86_400_000;
const TODAY = 20_780;

const code = (name: string): Error => expect.objectContaining({ code: name }) as Error;

let dir: string;
let registry: MemoryRegistry;
let nowMs: number;
const clock: Clock = { now: () => new Date(nowMs), monotonicMs: () => 0 };

beforeEach(async () => {
  dir = path.join(await mkdtemp(path.join(tmpdir(), 'assent-keys-')), 'keys');
  registry = memoryRegistry();
  nowMs = TODAY * DAY_MS + 1000;
});

afterEach(() => rm(path.dirname(dir), { recursive: true, force: true }));

const openRings = (options: { seals?: [Buffer, ...Buffer[]]; registry?: RingRegistry } = {}): Promise<KeyRing> =>
  openKeyRing({ dir, seals: [SEAL], registry, clock, ids: randomIds, ...options });

const file = (ring: string): string => path.join(dir, `${ring}.bin`);

describe('a key ring', () => {
  it('keeps its keys over a restart', async () => {
    const first = await openRings();
    await first.createPageRing(PAGE);
    const bucket = first.bucketOf(PAGE, '7123');
    const wrapped = first.wrapLeadKey(PAGE, bucket, 1, DEK);
    expect(wrapped.length).toBe(40);

    const second = await openRings();
    await second.reload(PAGE);
    expect(second.unwrapLeadKey(PAGE, bucket, 1, wrapped).equals(DEK)).toBe(true);
    expect(second.bucketOf(PAGE, '7123')).toBe(bucket);
    expect(second.blindIndex(PAGE, bucket, 1, '1', '7123')).toEqual(first.blindIndex(PAGE, bucket, 1, '1', '7123'));
    expect(second.blindIndex(PAGE, bucket, 1, '1', '7123').length).toBe(16);
    expect(second.pageKey(PAGE, 'page-token')).toEqual(first.pageKey(PAGE, 'page-token'));
    for (const purpose of ['account-index', 'meta-request', 'idempotency', 'pending-mac', 'log-signing'] as const) {
      expect(second.systemKey(purpose)).toEqual(first.systemKey(purpose));
    }
    expect(second.pendingMacKey()).toEqual({ id: 1, key: second.systemKey('pending-mac') });
  });

  it('says at once that it does not know a ring, a version or a bucket of a ring', async () => {
    const rings = await openRings();
    const unknown = code('key_version_unknown');
    expect(() => rings.bucketOf(PAGE, '1')).toThrow(unknown);
    expect(() => rings.pageKey(PAGE, 'ref')).toThrow(unknown);
    await rings.reload(PAGE);
    expect(() => rings.wrapLeadKey(PAGE, 0, 1, DEK)).toThrow(unknown);
    await expect(rings.stage(PAGE, 0)).rejects.toThrow(unknown);
    expect(await readdir(dir)).toEqual(['system.bin']);
    await rings.createPageRing(PAGE);
    expect(() => rings.wrapLeadKey(PAGE, 0, 2, DEK)).toThrow(unknown);
    expect(() => rings.unwrapLeadKey(PAGE, 0, 2, Buffer.alloc(40))).toThrow(unknown);
    expect(() => rings.blindIndex(PAGE, 0, 2, '1', '2')).toThrow(unknown);
  });

  it('leaves an existing ring alone when it is created again', async () => {
    const rings = await openRings();
    await rings.createPageRing(PAGE);
    const before = await readFile(file(RING));
    await (await openRings()).createPageRing(PAGE);
    expect((await readFile(file(RING))).equals(before)).toBe(true);
    expect(registry.rows.get(RING)?.generation).toBe(1);
  });

  it('refuses a name that is no UUID', async () => {
    const rings = await openRings();
    await expect(rings.createPageRing('../../x')).rejects.toThrow(code('key_ring_name'));
  });

  it('keeps files to their owner and leaves no second file', async () => {
    const rings = await openRings();
    await rings.createPageRing(PAGE);
    await rings.stage(PAGE, 1);
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    expect((await readdir(dir)).sort()).toEqual([`${RING}.bin`, 'system.bin']);
    for (const name of await readdir(dir)) expect((await stat(path.join(dir, name))).mode & 0o777).toBe(0o600);
  });

  it('closes a directory that others could enter, and clears away what a killed process left', async () => {
    await openRings();
    await chmod(dir, 0o755);
    await writeFile(`${file('system')}.next`, 'torn');
    await openRings();
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    expect(await readdir(dir)).toEqual(['system.bin']);
  });

  it('goes on after a call that failed', async () => {
    const rings = await openRings();
    await rings.createPageRing(PAGE);
    const [failed, next] = await Promise.allSettled([rings.stage(PAGE, 5000), rings.stage(PAGE, 1)]);
    expect(failed).toMatchObject({ status: 'rejected', reason: { code: 'key_bucket_range' } });
    expect(next).toEqual({ status: 'fulfilled', value: 2 });
  });

  it('overwrites the former bytes before it lets go of them', async () => {
    const rings = await openRings();
    await rings.createPageRing(PAGE);
    const former = await open(file(RING), 'r');
    try {
      const before = await former.readFile();
      await rings.stage(PAGE, 1);
      const after = Buffer.alloc(before.length);
      await former.read(after, 0, after.length, 0);
      expect((await former.stat()).nlink).toBe(0);
      expect(after.subarray(0, 64).equals(before.subarray(0, 64))).toBe(false);
      expect(after.subarray(-64).equals(before.subarray(-64))).toBe(false);
    } finally {
      await former.close();
    }
  });
});

describe('rotation', () => {
  it('reaches another process by reload, and destroys the former version there too', async () => {
    const [one, two] = [await openRings(), await openRings()];
    await one.createPageRing(PAGE);
    await two.reload(PAGE);
    const old = one.wrapLeadKey(PAGE, 7, 1, DEK);

    expect(await one.stage(PAGE, 7)).toBe(2);
    expect(one.stagedVersions(PAGE)).toEqual([{ bucket: 7, version: 2 }]);
    const rewrapped = one.wrapLeadKey(PAGE, 7, 2, one.unwrapLeadKey(PAGE, 7, 1, old));
    expect(() => two.unwrapLeadKey(PAGE, 7, 2, rewrapped)).toThrow(code('key_version_unknown'));
    await two.reload(PAGE);
    expect(two.unwrapLeadKey(PAGE, 7, 2, rewrapped).equals(DEK)).toBe(true);
    expect(two.unwrapLeadKey(PAGE, 7, 1, old).equals(DEK)).toBe(true);

    await one.commit(PAGE, 7, 2);
    expect(one.stagedVersions(PAGE)).toEqual([]);
    expect(() => one.unwrapLeadKey(PAGE, 7, 1, old)).toThrow(code('key_version_unknown'));
    expect(two.unwrapLeadKey(PAGE, 7, 1, old).equals(DEK)).toBe(true);
    expect(await two.verifyAgainstRegistry()).toEqual({ ok: true });
    expect(() => two.unwrapLeadKey(PAGE, 7, 1, old)).toThrow(code('key_version_unknown'));
    expect(two.unwrapLeadKey(PAGE, 7, 2, rewrapped).equals(DEK)).toBe(true);
  });

  it('keeps what several processes stage at the same moment', async () => {
    const rings = await Promise.all(Array.from({ length: 4 }, () => openRings()));
    await rings[0]!.createPageRing(PAGE);
    const versions = await Promise.all(
      rings.flatMap((ring) => [ring.stage(PAGE, 1), ring.stage(PAGE, 1), ring.stage(PAGE, 2)]),
    );
    const of = (wanted: number): number[] => versions.filter((_, at) => (at % 3 === 2 ? 2 : 1) === wanted);
    expect(of(1).sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    expect(of(2).sort((a, b) => a - b)).toEqual([2, 3, 4, 5]);
    await rings[3]!.reload(PAGE);
    expect(rings[3]!.stagedVersions(PAGE)).toHaveLength(12);
    expect(registry.rows.get(RING)?.generation).toBe(13);
  });

  it('waits with a writing while a reading is under way, so that the newest ring stays in memory', async () => {
    const maker = await openRings();
    await maker.createPageRing(PAGE);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = await openRings({
      registry: {
        ...registry,
        read: async (ring) => {
          await held;
          return registry.read(ring);
        },
      },
    });
    const before = registry.locksTaken;
    const both = Promise.all([slow.reload(PAGE), slow.stage(PAGE, 1)]);
    await new Promise(setImmediate);
    expect(registry.locksTaken).toBe(before);
    release();
    expect((await both)[1]).toBe(2);
    expect(registry.locksTaken).toBe(before + 1);
    expect(slow.stagedVersions(PAGE)).toHaveLength(1);
  });
});

describe('dropping a ring', () => {
  it('takes file, row and memory, here and in other processes', async () => {
    const [one, two] = [await openRings(), await openRings()];
    await one.createPageRing(PAGE);
    await two.reload(PAGE);
    await one.dropRing(PAGE);
    await one.dropRing(PAGE);
    expect(await readdir(dir)).toEqual(['system.bin']);
    expect([...registry.rows.keys()]).toEqual(['system']);
    expect(() => one.pageKey(PAGE, 'page-token')).toThrow(code('key_version_unknown'));
    expect(two.pageKey(PAGE, 'page-token')).toHaveLength(32);
    expect(await two.verifyAgainstRegistry()).toEqual({ ok: true });
    expect(() => two.pageKey(PAGE, 'page-token')).toThrow(code('key_version_unknown'));
  });
});

describe('inbox keys', () => {
  it('are made for today and yesterday, once, by whoever asks first', async () => {
    const [one, two] = [await openRings(), await openRings()];
    const before = registry.locksTaken;
    const keys = await Promise.all(Array.from({ length: 30 }, () => one.inboxKey(TODAY)));
    expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1);
    expect(registry.locksTaken - before).toBe(1);
    expect(await two.inboxKey(TODAY)).toEqual(keys[0]);
    expect(await two.inboxKey(TODAY - 1)).not.toEqual(keys[0]);
    expect(await (await openRings()).inboxKey(TODAY)).toEqual(keys[0]);
  });

  it('are not made for any other day, and one made by a process whose clock is ahead is found', async () => {
    const rings = await openRings();
    for (const day of [TODAY - 2, TODAY + 1]) {
      await expect(rings.inboxKey(day)).rejects.toThrow(code('inbox_key_destroyed'));
    }
    const ahead = await openKeyRing({
      dir,
      seals: [SEAL],
      registry,
      clock: { now: () => new Date((TODAY + 1) * DAY_MS), monotonicMs: () => 0 },
      ids: randomIds,
    });
    expect(await rings.inboxKey(TODAY + 1).catch(() => null)).toBeNull();
    const key = await ahead.inboxKey(TODAY + 1);
    expect(await rings.inboxKey(TODAY + 1)).toEqual(key);
  });

  it('are gone once destroyed', async () => {
    const [one, two] = [await openRings(), await openRings()];
    const yesterday = await one.inboxKey(TODAY - 1);
    const today = await one.inboxKey(TODAY);
    expect(await two.inboxKey(TODAY - 1)).toEqual(yesterday);
    nowMs += DAY_MS;
    await one.destroyInboxKeysBefore(TODAY);
    await expect(one.inboxKey(TODAY - 1)).rejects.toThrow(code('inbox_key_destroyed'));
    expect(await one.inboxKey(TODAY)).toEqual(today);
    expect(await two.verifyAgainstRegistry()).toEqual({ ok: true });
    await expect(two.inboxKey(TODAY - 1)).rejects.toThrow(code('inbox_key_destroyed'));
    const generation = registry.rows.get('system')?.generation;
    await one.destroyInboxKeysBefore(TODAY);
    expect(registry.rows.get('system')?.generation).toBe(generation);
  });

  it('take the letter keys of their day along, and no key of an account', async () => {
    const [one, two] = [await openRings(), await openRings()];
    const uuid = 'ffffffff-ffff-4fff-8fff-ffffffffffff';
    const early = '00000000-0000-4000-8000-000000000000';
    for (const account of [uuid, early]) await one.createAccountKey(account);
    const [old, young] = [await one.createLetterKey(TODAY - 1), await one.createLetterKey(TODAY)];
    expect(one.accountKey(old.name)).toEqual(old.key);
    await two.verifyAgainstRegistry();
    expect(two.accountKey(old.name)).toEqual(old.key);
    await one.destroyInboxKeysBefore(TODAY);
    expect(one.accountKey(old.name)).toBeNull();
    expect(one.accountKey(young.name)).toEqual(young.key);
    for (const account of [uuid, early]) expect(one.accountKey(account)).not.toBeNull();
    await two.verifyAgainstRegistry();
    expect(two.accountKey(old.name)).toBeNull();
  });
});

describe('a new key of the log', () => {
  it('is taken up by every process, with the key that it took the place of', async () => {
    const [one, two] = [await openRings(), await openRings()];
    const seed = Buffer.from(one.systemKey('log-signing'));
    const publicKey = Buffer.alloc(32, 7);
    await Promise.all([one, two].map((rings) => rings.replaceLogKey({ publicKey, seed })));
    expect(one.formerLogKeys()).toEqual([{ publicKey, seed, successorLeaf: null, signsUntil: null }]);
    await one.boundFormerLogKey(publicKey, 4, new Date(nowMs));
    expect(two.systemGeneration()).not.toBe(one.systemGeneration());
    await two.refreshSystemKeys();
    expect(two.systemGeneration()).toBe(one.systemGeneration());
    expect(two.systemKey('log-signing')).toEqual(one.systemKey('log-signing'));
    await two.destroyFormerLogSeeds(new Date(nowMs));
    await one.refreshSystemKeys();
    expect(one.formerLogKeys()).toEqual([{ publicKey, seed: null, successorLeaf: 4, signsUntil: new Date(nowMs) }]);
    expect((await openRings()).formerLogKeys()).toEqual(one.formerLogKeys());
  });
});

describe('a new master key', () => {
  const NEW = Buffer.alloc(32, 2);

  it('takes the place of the old one without a moment in which a process reads nothing', async () => {
    const running = await openRings({ seals: [SEAL, NEW] });
    await running.createPageRing(PAGE);
    const wrapped = running.wrapLeadKey(PAGE, 0, 1, DEK);
    const changing = await openRings({ seals: [NEW, SEAL] });
    expect(await changing.reseal()).toBe(2);
    for (const rings of [running, changing]) {
      expect(await rings.verifyAgainstRegistry()).toEqual({ ok: true });
      await rings.reload(PAGE);
      expect(rings.unwrapLeadKey(PAGE, 0, 1, wrapped)).toEqual(DEK);
    }
    await expect(openRings()).rejects.toThrow(code('master_key_wrong'));
    const after = await openRings({ seals: [NEW] });
    await after.reload(PAGE);
    expect(after.unwrapLeadKey(PAGE, 0, 1, wrapped)).toEqual(DEK);
    expect(after.systemKey('log-signing')).toEqual(running.systemKey('log-signing'));
  });

  it('is the one that new rings are sealed with, before everything was sealed anew', async () => {
    await openRings();
    const changing = await openRings({ seals: [NEW, SEAL] });
    await changing.createPageRing(PAGE);
    await expect((await openRings()).reload(PAGE)).rejects.toThrow(code('master_key_wrong'));
  });
});

describe('what does not belong together', () => {
  it('is refused: another master key', async () => {
    await openRings();
    const before = await readFile(file('system'));
    await expect(openRings({ seals: [Buffer.alloc(32, 2)] })).rejects.toThrow(code('master_key_wrong'));
    expect((await readFile(file('system'))).equals(before)).toBe(true);
    await openRings();
    await expect(openRings({ seals: [SEAL, Buffer.alloc(16)] })).rejects.toThrow(code('master_key_length'));
  });

  it('is refused: the keys of another database', async () => {
    const rings = await openRings();
    await rings.inboxKey(TODAY);
    const before = await readFile(file('system'));
    await expect(openRings({ registry: memoryRegistry() })).rejects.toThrow(code('key_ring_mismatch'));
    expect((await readFile(file('system'))).equals(before)).toBe(true);
  });

  it('is refused: a database whose files are missing', async () => {
    await openRings();
    await rm(file('system'));
    await expect(openRings()).rejects.toThrow(code('key_ring_mismatch'));
    expect(await readdir(dir)).toEqual([]);
  });

  it('is refused: an old copy of a ring; and named by the readiness check', async () => {
    const rings = await openRings();
    await rings.createPageRing(PAGE);
    const old = await readFile(file(RING));
    await rings.stage(PAGE, 3);
    const current = await readFile(file(RING));
    expect(await rings.verifyAgainstRegistry()).toEqual({ ok: true });

    await writeFile(file(RING), old);
    expect(await rings.verifyAgainstRegistry()).toEqual({ ok: false, rings: [RING] });
    await expect(rings.reload(PAGE)).rejects.toThrow(code('key_ring_mismatch'));
    await expect(rings.stage(PAGE, 3)).rejects.toThrow(code('key_ring_mismatch'));
    expect((await readFile(file(RING))).equals(old)).toBe(true);

    await rm(file(RING));
    expect(await rings.verifyAgainstRegistry()).toEqual({ ok: false, rings: [RING] });
    await writeFile(file(RING), current);
    expect(await rings.verifyAgainstRegistry()).toEqual({ ok: true });
  });

  it('keeps no key in memory of another Page that was destroyed elsewhere meanwhile', async () => {
    const [one, two] = [await openRings(), await openRings()];
    const other = 'b0a5cc5e-7a39-4f0c-8a57-0d2b1b0e7a12';
    for (const page of [PAGE, other]) {
      await one.createPageRing(page);
      await two.reload(page);
    }
    const old = await readFile(file(RING));
    await one.stage(PAGE, 3);
    await writeFile(file(RING), old);
    await one.commit(other, 3, await one.stage(other, 3));
    expect(two.bucketVersions(other, 3)).toEqual([1]);
    expect(await two.verifyAgainstRegistry()).toEqual({ ok: false, rings: [RING] });
    expect(two.bucketVersions(other, 3)).toEqual([2]);
  });

  it('is refused: one byte changed, or the ring of another Page', async () => {
    const rings = await openRings();
    await rings.createPageRing(PAGE);
    const other = 'b0a5cc5e-7a39-4f0c-8a57-0d2b1b0e7a12';
    await rings.createPageRing(other);
    const sound = await readFile(file(RING));
    const changed = Buffer.from(sound);
    changed.writeUInt8(changed.readUInt8(500) ^ 1, 500);
    await writeFile(file(RING), changed);
    await expect(rings.reload(PAGE)).rejects.toThrow(code('key_ring_mismatch'));
    await writeFile(file(RING), await readFile(file(`page-${other}`)));
    await expect(rings.reload(PAGE)).rejects.toThrow(code('key_ring_mismatch'));
  });

  it('is named: a system ring the database does not know any more', async () => {
    const rings = await openRings();
    registry.rows.delete('system');
    expect(await rings.verifyAgainstRegistry()).toEqual({ ok: false, rings: ['system'] });
  });
});
