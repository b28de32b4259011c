import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { KeyRing } from '../../../src/domain/keyring.types';
import { systemClock } from '../../../src/kernel/clock';
import { randomIds } from '../../../src/kernel/ids';
import { openKeyRing, postgresRingRegistry } from '../../../src/platform/keyring';
import { openDatabase, type OpenDatabase } from '../../../src/platform/postgres/database';
import { createTestDatabase, type TestDatabase } from '../../support/database';

const PAGE = '5c8a8f4e-64b0-4b7a-9c54-0d2b1b0e7a11';
const RING = `page-${PAGE}`;
const DAY_MS = 86_400_000;

let database: TestDatabase;
let one: OpenDatabase;
let two: OpenDatabase;
let dir: string;

beforeAll(async () => {
  database = await createTestDatabase();
  [one, two] = (await Promise.all(
    ['one', 'two'].map((name) => openDatabase({ url: database.url, poolSize: 4, applicationName: name })),
  )) as [OpenDatabase, OpenDatabase];
});

afterAll(async () => {
  await Promise.all([one.close(), two.close()]);
  await database.drop();
});

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'assent-keys-'));
  await one.run('delete from key_ring');
});

afterEach(() => rm(dir, { recursive: true, force: true }));

const openRings = (db: OpenDatabase): Promise<KeyRing> =>
  openKeyRing({
    dir,
    seals: [Buffer.alloc(32, 1)],
    registry: postgresRingRegistry(db),
    clock: systemClock,
    ids: randomIds,
  });

it('makes one installation when two processes start at the same moment', async () => {
  const [first, second] = await Promise.all([openRings(one), openRings(two)]);
  expect(first.systemKey('account-index')).toEqual(second.systemKey('account-index'));
  const today = Math.floor(systemClock.now().getTime() / DAY_MS);
  const keys = await Promise.all([first.inboxKey(today), second.inboxKey(today)]);
  expect(keys[0]).toEqual(keys[1]);
  expect(await one.rows('select ring, generation from key_ring')).toEqual([{ ring: 'system', generation: 2 }]);
});

it('loses no staging of two processes that write the same ring', async () => {
  const [first, second] = await Promise.all([openRings(one), openRings(two)]);
  await Promise.all([first.createPageRing(PAGE), second.createPageRing(PAGE)]);
  const versions = await Promise.all(
    Array.from({ length: 12 }, (_, at) => (at % 2 === 0 ? first : second).stage(PAGE, 4)),
  );
  expect([...versions].sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, at) => at + 2));
  await Promise.all([first.reload(PAGE), second.reload(PAGE)]);
  for (const version of [1, ...versions]) {
    const wrapped = first.wrapLeadKey(PAGE, 4, version, Buffer.alloc(32, 7));
    expect(second.unwrapLeadKey(PAGE, 4, version, wrapped)).toEqual(Buffer.alloc(32, 7));
  }
  expect(await one.first('select generation from key_ring where ring = $1', [RING])).toEqual({ generation: 13 });
  expect(await second.verifyAgainstRegistry()).toEqual({ ok: true });
});

it('waits for the lock that another process holds', async () => {
  const rings = await openRings(one);
  await rings.createPageRing(PAGE);
  let stagedVersion = 0;
  let staging: Promise<void> = Promise.resolve();
  await postgresRingRegistry(two).withRingLock(RING, async () => {
    staging = rings.stage(PAGE, 1).then((version) => {
      stagedVersion = version;
    });
    for (let waiting = 0; waiting === 0;) {
      const row = await two.first<{ n: number }>(
        `select count(*)::int as n from pg_locks
          where locktype = 'advisory' and not granted
            and database = (select oid from pg_database where datname = current_database())`,
      );
      waiting = row?.n ?? 0;
    }
    expect(stagedVersion).toBe(0);
  });
  await staging;
  expect(stagedVersion).toBe(2);
});

it('records nothing when the work under the lock fails, and makes good a file that is one step ahead', async () => {
  const rings = await openRings(one);
  await rings.createPageRing(PAGE);
  const before = await one.first<{ sha256: Buffer }>('select sha256 from key_ring where ring = $1', [RING]);
  const registry = postgresRingRegistry(two);
  const dying = await openKeyRing({
    dir,
    seals: [Buffer.alloc(32, 1)],
    registry: {
      ...registry,
      withRingLock: (ring, work) =>
        registry.withRingLock(ring, async (locked) => {
          await work(locked);
          throw new Error('killed before the commit');
        }),
    },
    clock: systemClock,
    ids: randomIds,
  }).catch((error: unknown) => error);
  expect(String(dying)).toContain('killed before the commit');

  const failing = registry.withRingLock(RING, async (locked) => {
    await locked.record(9, Buffer.alloc(32));
    throw new Error('killed');
  });
  await expect(failing).rejects.toThrow('killed');
  expect(await one.first('select generation, sha256 from key_ring where ring = $1', [RING])).toEqual({
    generation: 1,
    sha256: before?.sha256,
  });

  await rings.stage(PAGE, 4);
  await one.run('update key_ring set generation = 1, sha256 = $2 where ring = $1', [RING, before?.sha256]);
  expect(await rings.verifyAgainstRegistry()).toEqual({ ok: true });
  expect(await one.first('select generation from key_ring where ring = $1', [RING])).toEqual({ generation: 2 });
});

it('forgets the row of a ring that was dropped', async () => {
  const rings = await openRings(one);
  await rings.createPageRing(PAGE);
  expect((await postgresRingRegistry(two).read(RING))?.generation).toBe(1);
  await rings.dropRing(PAGE);
  expect(await postgresRingRegistry(two).read(RING)).toBeNull();
  expect((await postgresRingRegistry(two).all()).map((row) => row.ring)).toEqual(['system']);
});
