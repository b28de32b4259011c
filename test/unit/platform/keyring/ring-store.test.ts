import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import type { KeyRing } from '../../../../src/domain/keyring.types';
import type { Clock } from '../../../../src/kernel/clock';
import { randomIds } from '../../../../src/kernel/ids';
import { openKeyRing } from '../../../../src/platform/keyring';
import type { FileCalls } from '../../../../src/platform/keyring/ring-files';
import { dyingFiles } from './dying-files';
import { memoryRegistry, type MemoryRegistry } from './memory-registry';

const SEAL = Buffer.alloc(32, 1);
const PAGE = '5c8a8f4e-64b0-4b7a-9c54-0d2b1b0e7a11';
const DEK = Buffer.alloc(32, 0xdd);
const TODAY = 20_780;
const clock: Clock = { now: () => new Date(TODAY * 86_400_000), monotonicMs: () => 0 };
const unknown = expect.objectContaining({ code: 'key_version_unknown' }) as Error;

let dir: string;
let registry: MemoryRegistry;

const openRings = (fileCalls?: FileCalls): Promise<KeyRing> =>
  openKeyRing({
    dir,
    seals: [SEAL],
    registry,
    clock,
    ids: randomIds,
    ...(fileCalls === undefined ? {} : { fileCalls }),
  });

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'assent-keys-'));
  registry = memoryRegistry();
});

afterEach(() => rm(dir, { recursive: true, force: true }));

interface Story<Before> {
  /** What was there, made by a process that lived. */
  prepare(rings: KeyRing): Promise<Before>;
  /** What the killed process was about. */
  attempt(rings: KeyRing): Promise<unknown>;
  /** What must hold for the process that comes after it. */
  afterwards(rings: KeyRing, before: Before): Promise<void>;
}

/** Kills a process at each of its file calls in turn, and lets the next one look. Answers how many deaths there were. */
async function killEverywhere<Before>(story: Story<Before>): Promise<number> {
  for (let diesAt = 1; ; diesAt += 1) {
    await rm(dir, { recursive: true });
    registry = memoryRegistry();
    const before = await story.prepare(await openRings());
    const dying = dyingFiles(diesAt);
    const outcome = await openRings(dying.calls)
      .then((rings) => story.attempt(rings))
      .then(
        () => 'done',
        (error: unknown) => String(error),
      );
    if (!dying.dead()) {
      expect(outcome).toBe('done');
      return diesAt - 1;
    }
    expect(outcome).toBe('Error: killed');
    const rings = await openRings();
    await story.afterwards(rings, before);
    expect(await rings.verifyAgainstRegistry()).toEqual({ ok: true });
    expect((await readdir(dir)).filter((name) => name.endsWith('.next'))).toEqual([]);
  }
}

describe('a process killed at any file call', () => {
  it('of making a Page ring leaves no ring or a whole one', async () => {
    const deaths = await killEverywhere({
      prepare: () => Promise.resolve(),
      attempt: (rings) => rings.createPageRing(PAGE),
      afterwards: async (rings) => {
        await rings.createPageRing(PAGE);
        expect(rings.unwrapLeadKey(PAGE, 0, 1, rings.wrapLeadKey(PAGE, 0, 1, DEK)).equals(DEK)).toBe(true);
      },
    });
    expect(deaths).toBeGreaterThanOrEqual(9);
  });

  it('of replacing the key of the log has the one key or both, and does it once', async () => {
    const meant = (rings: KeyRing) => ({ publicKey: Buffer.alloc(32, 7), seed: rings.systemKey('log-signing') });
    let first = Buffer.alloc(0);
    const deaths = await killEverywhere({
      prepare: (rings) => {
        first = Buffer.from(rings.systemKey('log-signing'));
        return Promise.resolve();
      },
      attempt: (rings) => rings.replaceLogKey(meant(rings)),
      afterwards: async (rings) => {
        const [former, ...others] = rings.formerLogKeys();
        const isDone = former !== undefined;
        expect(others).toEqual([]);
        expect(isDone ? former.seed : rings.systemKey('log-signing')).toEqual(first);
        await rings.replaceLogKey({ ...meant(rings), seed: first });
        expect(rings.formerLogKeys().map(({ seed }) => seed)).toEqual([first]);
        expect(rings.systemKey('log-signing')).not.toEqual(first);
      },
    });
    expect(deaths).toBeGreaterThanOrEqual(9);
  });

  it('of staging loses no key', async () => {
    const deaths = await killEverywhere({
      prepare: async (rings) => {
        await rings.createPageRing(PAGE);
        return [rings.wrapLeadKey(PAGE, 4, 1, DEK), rings.pageKey(PAGE, 'page-token')] as const;
      },
      attempt: (rings) => rings.stage(PAGE, 4),
      afterwards: async (rings, [wrapped, tokenKey]) => {
        await rings.reload(PAGE);
        expect(rings.unwrapLeadKey(PAGE, 4, 1, wrapped).equals(DEK)).toBe(true);
        expect(rings.pageKey(PAGE, 'page-token')).toEqual(tokenKey);
        const left = rings.stagedVersions(PAGE).length;
        expect([0, 1]).toContain(left);
        expect(await rings.stage(PAGE, 4)).toBe(2 + left);
      },
    });
    expect(deaths).toBeGreaterThanOrEqual(14);
  });

  it('of committing keeps the version in use, and a second commit ends the other', async () => {
    const deaths = await killEverywhere({
      prepare: async (rings) => {
        await rings.createPageRing(PAGE);
        const version = await rings.stage(PAGE, 4);
        return [rings.wrapLeadKey(PAGE, 4, 1, DEK), rings.wrapLeadKey(PAGE, 4, version, DEK)] as const;
      },
      attempt: (rings) => rings.commit(PAGE, 4, 2),
      afterwards: async (rings, [old, current]) => {
        await rings.reload(PAGE);
        expect(rings.unwrapLeadKey(PAGE, 4, 2, current).equals(DEK)).toBe(true);
        for (const { bucket, version } of rings.stagedVersions(PAGE)) await rings.commit(PAGE, bucket, version);
        expect(() => rings.unwrapLeadKey(PAGE, 4, 1, old)).toThrow(unknown);
        expect(rings.unwrapLeadKey(PAGE, 4, 2, current).equals(DEK)).toBe(true);
      },
    });
    expect(deaths).toBeGreaterThanOrEqual(14);
  });

  it('of dropping can be finished by the next', async () => {
    const deaths = await killEverywhere({
      prepare: (rings) => rings.createPageRing(PAGE),
      attempt: (rings) => rings.dropRing(PAGE),
      afterwards: async (rings) => {
        await rings.dropRing(PAGE);
        expect(await readdir(dir)).toEqual(['system.bin']);
        await rings.reload(PAGE);
        expect(() => rings.pageKey(PAGE, 'ref')).toThrow(unknown);
      },
    });
    expect(deaths).toBeGreaterThanOrEqual(7);
  });

  it('of making the system ring or an inbox key leaves the installation usable', async () => {
    const deaths = await killEverywhere({
      prepare: (rings) => Promise.resolve(rings.systemKey('account-index')),
      attempt: (rings) => rings.inboxKey(TODAY),
      afterwards: async (rings, account) => {
        expect(rings.systemKey('account-index')).toEqual(account);
        const key = await rings.inboxKey(TODAY);
        expect(await (await openRings()).inboxKey(TODAY)).toEqual(key);
      },
    });
    expect(deaths).toBeGreaterThanOrEqual(14);
  });
});

it('makes the first system ring whole whatever call a process was killed at', async () => {
  let deaths = 0;
  for (let diesAt = 1; ; diesAt += 1) {
    await rm(dir, { recursive: true });
    registry = memoryRegistry();
    const dying = dyingFiles(diesAt);
    const first = await openRings(dying.calls).catch(() => null);
    if (!dying.dead()) {
      expect(first).not.toBeNull();
      break;
    }
    deaths += 1;
    const account = (await openRings()).systemKey('account-index');
    expect((await openRings()).systemKey('account-index')).toEqual(account);
  }
  expect(deaths).toBeGreaterThanOrEqual(9);
});

it('loses no key however often processes are killed, in the middle of recovering too', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 25 }), { minLength: 2, maxLength: 6 }), async (deaths) => {
      await rm(dir, { recursive: true });
      registry = memoryRegistry();
      const first = await openRings();
      await first.createPageRing(PAGE);
      const wrapped = first.wrapLeadKey(PAGE, 4, 1, DEK);
      let staged = 0;
      for (const diesAt of deaths) {
        const version = await openRings(dyingFiles(diesAt).calls)
          .then((rings) => rings.stage(PAGE, 4))
          .catch(() => 0);
        staged = Math.max(staged, version);
      }
      const last = await openRings();
      await last.reload(PAGE);
      expect(last.unwrapLeadKey(PAGE, 4, 1, wrapped).equals(DEK)).toBe(true);
      if (staged > 0) expect(last.wrapLeadKey(PAGE, 4, staged, DEK)).toHaveLength(40);
      expect(await last.stage(PAGE, 4)).toBeGreaterThan(staged);
      expect(await last.verifyAgainstRegistry()).toEqual({ ok: true });
    }),
    { numRuns: 60 },
  );
});

describe('a commit of the database that is lost after the file was replaced', () => {
  it('is made good by the next reading', async () => {
    const rings = await openRings();
    await rings.createPageRing(PAGE);
    registry.failNextCommit();
    await expect(rings.stage(PAGE, 4)).rejects.toThrow('commit lost');
    const ring = `page-${PAGE}`;
    expect(registry.rows.get(ring)?.generation).toBe(1);

    const next = await openRings();
    await next.reload(PAGE);
    expect(registry.rows.get(ring)?.generation).toBe(2);
    expect(next.stagedVersions(PAGE)).toEqual([{ bucket: 4, version: 2 }]);
    expect(await next.verifyAgainstRegistry()).toEqual({ ok: true });
  });

  it('is made good by the readiness check and by the next writing', async () => {
    const rings = await openRings();
    await rings.createPageRing(PAGE);
    registry.failNextCommit();
    await expect(rings.stage(PAGE, 4)).rejects.toThrow('commit lost');
    expect(await rings.verifyAgainstRegistry()).toEqual({ ok: true });
    expect(rings.stagedVersions(PAGE)).toHaveLength(1);
    registry.failNextCommit();
    await expect(rings.stage(PAGE, 4)).rejects.toThrow('commit lost');
    expect(await rings.stage(PAGE, 4)).toBe(4);
    expect(registry.rows.get(`page-${PAGE}`)?.generation).toBe(4);
  });

  it('leaves a dropped ring to be dropped again', async () => {
    const rings = await openRings();
    await rings.createPageRing(PAGE);
    registry.failNextCommit();
    await expect(rings.dropRing(PAGE)).rejects.toThrow('commit lost');
    expect(await rings.verifyAgainstRegistry()).toEqual({ ok: false, rings: [`page-${PAGE}`] });
    await rings.dropRing(PAGE);
    expect(await rings.verifyAgainstRegistry()).toEqual({ ok: true });
  });
});
