import { recoverRotations, rotateBucket } from '../../../../src/domain/leads';
import { makeDrainInbox } from '../../../../src/domain/inbox';
import { until } from '../../../support/until';
import { message, newPsid, openInboxWorld, type InboxWorld, type TestPage } from '../inbox/inbox-world';

let world: InboxWorld;
beforeAll(async () => {
  world = await openInboxWorld();
});
afterAll(() => world.close());

const leadsOf = (page: TestPage): Promise<number> => world.count('lead where page_id = $1', [page.id]);
const hello = (page: TestPage, psid: string) => message(page, psid, world.now(), 'hello');

/** Backends of this database that wait for a lock. */
const blocked = async (): Promise<number> =>
  world.count(`pg_stat_activity where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0`);

test('people are found again after a rotation, with the old key gone', async () => {
  const page = await world.newPage();
  const psid = newPsid();
  await world.deliver(page, hello(page, psid));
  const before = (await world.leadOf(page, psid))!;
  const bucket = world.keyRing.bucketOf(page.uuid, psid);
  const oldKey = await world.db.first<{ dek_wrapped: Buffer }>('select dek_wrapped from lead_key where lead_id = $1', [
    before.id,
  ]);

  await expect(rotateBucket(world.deps, { page, bucket })).resolves.toBe(2);

  const drained = await world.deliver(page, hello(page, psid));
  expect(drained.events).toEqual([{ kind: 'message', outcome: 'applied', count: 1 }]);
  expect(await leadsOf(page)).toBe(1);
  expect((await world.leadOf(page, psid))!.dek).toEqual(before.dek);
  expect(() => world.keyRing.unwrapLeadKey(page.uuid, bucket, 1, oldKey!.dek_wrapped)).toThrow('key version');
});

test('what is discarded in a rotation is gone, and its neighbours stay', async () => {
  const page = await world.newPage();
  const first = newPsid();
  const bucket = world.keyRing.bucketOf(page.uuid, first);
  let second = newPsid();
  while (world.keyRing.bucketOf(page.uuid, second) !== bucket) second = newPsid();
  await world.deliver(page, hello(page, first), hello(page, second));
  const gone = (await world.leadOf(page, first))!;
  await rotateBucket(world.deps, {
    page,
    bucket,
    discard: async (tx) => {
      await tx.run('delete from lead where id = $1', [gone.id]);
    },
  });
  expect(await world.leadOf(page, first)).toBeUndefined();
  expect((await world.leadOf(page, second))!.status).toBe('subscribed');
});

test('a rotation waits for a lead that is being made, so that nobody becomes two people', async () => {
  const page = await world.newPage();
  const psid = newPsid();
  const bucket = world.keyRing.bucketOf(page.uuid, psid);
  await world.store({ object: 'page', entry: [{ id: page.metaPageId, time: 1, messaging: [hello(page, psid)] }] });
  let drained: Promise<unknown> = Promise.resolve();
  let rotated: Promise<unknown> = Promise.resolve();
  let hasRotated = false;
  await world.db.transaction(async (tx) => {
    // Holds the new lead back between the look-up of its bucket and the insert of its index.
    await tx.run('select from page where id = $1 for update', [page.id]);
    drained = world.drain();
    await until('the event waits for the page row', async () => (await blocked()) === 1);
    rotated = rotateBucket(world.deps, { page, bucket }).then(() => {
      hasRotated = true;
    });
    await until('the rotation waits or is through', async () => hasRotated || (await blocked()) === 2);
  });
  await Promise.all([drained, rotated]);
  expect(hasRotated).toBe(true);
  await world.deliver(page, hello(page, psid));
  expect(await leadsOf(page)).toBe(1);
  expect((await world.leadOf(page, psid))!.row['key_version']).toBe(2);
});

test('many new people while their buckets are rotated again and again: each is one lead', async () => {
  const page = await world.newPage();
  const people = Array.from({ length: 40 }, newPsid);
  const buckets = [...new Set(people.map((psid) => world.keyRing.bucketOf(page.uuid, psid)))].slice(0, 12);
  for (const psid of [...people, ...people, ...people]) {
    await world.store({ object: 'page', entry: [{ id: page.metaPageId, time: 1, messaging: [hello(page, psid)] }] });
  }
  let hasDrained = false;
  const draining = world.drain().finally(() => {
    hasDrained = true;
  });
  let rotations = 0;
  while (!hasDrained) {
    for (const bucket of buckets) await rotateBucket(world.deps, { page, bucket });
    rotations += 1;
  }
  const { failed } = await draining;
  expect(failed).toBe(0);
  expect(rotations).toBeGreaterThan(0);
  expect(await leadsOf(page)).toBe(40);
  expect(await world.count('inbox')).toBe(0);
});

test('a crash before or after the rows moved is settled at the next start', async () => {
  const page = await world.newPage();
  const psid = newPsid();
  await world.deliver(page, hello(page, psid));
  const bucket = world.keyRing.bucketOf(page.uuid, psid);
  const dies = { ...world.keyRing, commit: () => Promise.reject(new Error('killed')) };
  await expect(rotateBucket({ db: world.db, keyRing: dies }, { page, bucket })).rejects.toThrow('killed');
  expect(world.keyRing.stagedVersions(page.uuid)).toHaveLength(1);
  expect(await recoverRotations(world.deps, page)).toBe(1);
  expect(world.keyRing.stagedVersions(page.uuid)).toEqual([]);
  expect((await world.leadOf(page, psid))!.row['key_version']).toBe(2);

  await world.keyRing.stage(page.uuid, bucket);
  expect(await recoverRotations(world.deps, page)).toBe(1);
  const drained = await world.deliver(page, hello(page, psid));
  expect(drained.events).toEqual([{ kind: 'message', outcome: 'applied', count: 1 }]);
  await rotateBucket(world.deps, { page, bucket });
  expect(await leadsOf(page)).toBe(1);
});

test('a process that read the ring before a rotation reads it again and finds the person', async () => {
  const page = await world.newPage();
  const psid = newPsid();
  const keyRing = await world.otherRing();
  await keyRing.reload(page.uuid);
  await world.deliver(page, hello(page, psid));
  await rotateBucket(world.deps, { page, bucket: keyRing.bucketOf(page.uuid, psid) });
  await world.store({ object: 'page', entry: [{ id: page.metaPageId, time: 1, messaging: [hello(page, psid)] }] });
  const drained = await makeDrainInbox({ ...world.deps, keyRing })({ limit: 1 });
  expect(drained).toMatchObject({ failed: 0, events: [{ kind: 'message', outcome: 'applied', count: 1 }] });

  const page2 = await world.newPage();
  await world.store({ object: 'page', entry: [{ id: page2.metaPageId, time: 1, messaging: [hello(page2, psid)] }] });
  expect(await makeDrainInbox({ ...world.deps, keyRing })({ limit: 1 })).toMatchObject({
    failed: 0,
    events: [{ kind: 'message', outcome: 'created', count: 1 }],
  });
});

test('a rotation that was overtaken changes nothing: its version may be destroyed already', async () => {
  const page = await world.newPage();
  const psid = newPsid();
  await world.deliver(page, hello(page, psid));
  const bucket = world.keyRing.bucketOf(page.uuid, psid);
  const early = await world.keyRing.stage(page.uuid, bucket);
  expect(await rotateBucket(world.deps, { page, bucket })).toBeGreaterThan(early);
  const slow = { ...world.keyRing, stage: () => Promise.resolve(early) };
  await expect(rotateBucket({ db: world.db, keyRing: slow }, { page, bucket })).rejects.toMatchObject({
    code: 'rotation_overtaken',
  });
  expect((await world.leadOf(page, psid))!.status).toBe('subscribed');
});

test('two rotations of one bucket at once: what is lost is one of the calls, never a key', async () => {
  const page = await world.newPage();
  const psid = newPsid();
  await world.deliver(page, hello(page, psid));
  const bucket = world.keyRing.bucketOf(page.uuid, psid);
  const results = await Promise.allSettled([
    rotateBucket(world.deps, { page, bucket }),
    rotateBucket(world.deps, { page, bucket }),
  ]);
  expect(results.some(({ status }) => status === 'fulfilled')).toBe(true);
  for (const result of results) {
    if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'rotation_overtaken' });
  }
  expect((await world.leadOf(page, psid))!.status).toBe('subscribed');
  expect(await world.deliver(page, hello(page, psid))).toMatchObject({ failed: 0 });
  expect(await leadsOf(page)).toBe(1);
});
