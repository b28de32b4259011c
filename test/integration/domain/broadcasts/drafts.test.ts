import { randomUUID } from 'node:crypto';
import { UserError } from '../../../../src/kernel/errors';
import {
  makeCreateBroadcast,
  makeDeleteBroadcast,
  makeFreezeAudience,
  makeGetBroadcast,
  makeLaunchBroadcast,
  makeListBroadcasts,
  makePauseBroadcast,
  makeUpdateBroadcast,
  type BroadcastPatch,
} from '../../../../src/domain/broadcasts';
import type { RowId } from '../../../../src/domain/sql.types';
import { draft, HOUR_MS, makeBroadcastWorld, START, type BroadcastWorld, type TestPage } from './broadcast-world';

let world: BroadcastWorld;
let accountId: RowId;
let page: TestPage;
let strangersPage: TestPage;
beforeAll(async () => {
  world = await makeBroadcastWorld();
  accountId = await world.addAccount();
  page = await world.addPage(accountId);
  strangersPage = await world.addPage(await world.addAccount());
});
beforeEach(() => {
  world.setNow(START);
  world.jobs.length = 0;
});
afterAll(() => world.close());

const create = (changes: object = {}) => makeCreateBroadcast(world.deps)({ ...draft(page), ...changes });
const update = (broadcastUuid: string, patch: BroadcastPatch, mayLaunch = true) =>
  makeUpdateBroadcast(world.deps)({ accountId, broadcastUuid, patch, mayLaunch });

const changesOf = (changes: object | (() => object)): object =>
  typeof changes === 'function' ? (changes as () => object)() : changes;

async function faultOf(work: Promise<unknown>): Promise<{ code: string; pointers: string[]; message: string }> {
  const error: unknown = await work.then(
    () => new Error('it was accepted'),
    (fault: unknown) => fault,
  );
  if (!(error instanceof UserError)) throw error;
  return { code: String(error.code), pointers: error.errors.map((each) => each.pointer), message: error.message };
}

test('a draft keeps what was asked and is read back whole', async () => {
  const lead = await world.addLead(page);
  const earlier = await create();
  const audience = {
    tagsAny: ['vip', 'new'],
    optedInAfter: new Date('2026-01-02T03:04:05.678Z'),
    window: 'open' as const,
    locales: ['de_AT', 'fr'],
    notInBroadcast: earlier.uuid,
    leadIds: [lead.uuid],
  };
  const at = new Date(START.getTime() + HOUR_MS);
  const made = await create({
    audience,
    schedule: { at },
    ratePerSecond: 20,
    startDelaySeconds: 5,
    purpose: 'utility',
  });
  const read = await makeGetBroadcast(world.deps)({ accountId, broadcastUuid: made.uuid });
  expect(read).toEqual(made);
  expect(read).toMatchObject({
    name: 'Spring',
    status: 'draft',
    purpose: 'utility',
    outOfWindow: 'skip',
    message: { text: 'Hello {{first_name|there}}' },
    audience,
    scheduledAt: at,
    startAt: null,
    ratePerSecond: 20,
    startDelaySeconds: 5,
    stats: { audience: 0, pending: 0, skipped: {} },
  });
  expect(read.pages).toMatchObject([{ uuid: page.uuid, metaPageId: page.metaPageId, state: 'open' }]);
  expect(world.jobs).toEqual([]);
});

test('name, message and filter lie sealed in the database', async () => {
  const made = await create({
    name: 'canary-name',
    message: { text: 'canary-text' },
    audience: { tagsAny: ['canary-tag'] },
  });
  const row = await world.db.first<{ all: string; bytes: Buffer }>(
    'select to_jsonb(b)::text as all, definition_ct as bytes from broadcast b where public_id = $1',
    [made.uuid],
  );
  expect(row?.all).toContain(made.uuid);
  expect(row?.all).not.toContain('canary');
  expect(row?.bytes.includes('canary')).toBe(false);
});

test.each([
  ['an unknown Page', { pageIds: ['999'] }, '/page_ids/0'],
  ["a stranger's Page", () => ({ pageIds: [page.metaPageId, strangersPage.metaPageId] }), '/page_ids/1'],
  ["a stranger's Page by our id", () => ({ pageIds: [strangersPage.uuid] }), '/page_ids/0'],
  ['no Page', { pageIds: [] }, '/page_ids'],
  ['an empty name', { name: '  ' }, '/name'],
  ['a purpose we do not know', { purpose: 'spam' }, '/purpose'],
  ['a message without content', { message: {} }, '/message'],
  ['a template', { message: { template: { name: 't' } } }, '/message/template'],
  ['local time', { schedule: { atLocal: '2026-12-01T09:00' } }, '/schedule/at_local'],
  ['local time beside a moment', { schedule: { at: new Date('2027-01-01'), atLocal: 'x' } }, '/schedule/at_local'],
  [
    'a zone for it',
    { schedule: { at: new Date('2027-01-01'), fallbackTimeZone: 'UTC' } },
    '/schedule/fallback_time_zone',
  ],
  ['a schedule without a time', { schedule: {} }, '/schedule/at'],
  ['a time that is over', { schedule: { at: START } }, '/schedule/at'],
  ['quiet hours', { quietHours: { from: '22:00', to: '08:00' } }, '/quiet_hours'],
  ['hold', { outOfWindow: 'hold' }, '/out_of_window'],
  ['something else than skip', { outOfWindow: 'maybe' }, '/out_of_window'],
  ['a time to hold until', { holdUntil: '2027-01-01T00:00:00Z' }, '/hold_until'],
  ['no rate at all', { ratePerSecond: 0 }, '/rate_per_second'],
  ['half a message', { ratePerSecond: 1.5 }, '/rate_per_second'],
  ["more than Meta's limit", { ratePerSecond: 301 }, '/rate_per_second'],
  ['a negative delay', { startDelaySeconds: -1 }, '/start_delay_seconds'],
  ['an empty list', { audience: { tagsAny: [] } }, '/audience/tags_any'],
  ['an empty tag', { audience: { tagsNone: ['ok', ' '] } }, '/audience/tags_none/1'],
  ['a lead that is none', { audience: { leadIds: ['x'] } }, '/audience/lead_ids/0'],
  ['too many leads', { audience: { leadIds: Array<string>(1_001).fill('x') } }, '/audience/lead_ids'],
  ['a locale that is none', { audience: { locales: ['German'] } }, '/audience/locales/0'],
  ['a broadcast that is none', { audience: { notInBroadcast: randomUUID() } }, '/audience/not_in_broadcast'],
])('%s is refused by its place', async (_what, changes: object | (() => object), pointer) => {
  const before = await world.db.first<{ n: string }>('select count(*) as n from broadcast');
  const fault = await faultOf(create(changesOf(changes)));
  expect(fault).toMatchObject({ code: 'broadcast_invalid', pointers: [pointer] });
  expect(await world.db.first('select count(*) as n from broadcast')).toEqual(before);
});

test('a disconnected Page is refused; connected again, its Meta id means the new one', async () => {
  const old = await world.addPage(accountId);
  await world.db.run(`update page set state = 'disconnected' where id = $1`, [old.id]);
  expect(await faultOf(create({ pageIds: [old.metaPageId] }))).toMatchObject({ pointers: ['/page_ids/0'] });
  const again = await world.addPage(accountId);
  await world.db.run('update page set meta_page_id = $2 where id = $1', [again.id, old.metaPageId]);
  const made = await create({ pageIds: [old.metaPageId, again.uuid, page.uuid] });
  expect(made.pages.map((each) => each.uuid)).toEqual([page.uuid, again.uuid]);
  expect((await faultOf(create({ pageIds: [old.uuid] }))).pointers).toEqual(['/page_ids/0']);
});

test('every wrong field is named at once', async () => {
  const fault = await faultOf(create({ name: '', quietHours: {}, message: {}, audience: { refsAny: [] } }));
  expect(fault.pointers).toEqual(['/name', '/quiet_hours', '/message', '/audience/refs_any']);
});

test('leads and broadcasts of another account are not found', async () => {
  const foreign = await world.addLead(strangersPage);
  const theirs = await makeCreateBroadcast(world.deps)(draft(strangersPage));
  const own = await create();
  expect((await faultOf(create({ audience: { leadIds: [foreign.uuid] } }))).pointers).toEqual(['/audience/lead_ids/0']);
  expect((await faultOf(create({ audience: { notInBroadcast: theirs.uuid } }))).pointers).toEqual([
    '/audience/not_in_broadcast',
  ]);
  const asOwner = { accountId, broadcastUuid: theirs.uuid };
  for (const work of [
    makeGetBroadcast(world.deps)(asOwner),
    update(theirs.uuid, { name: 'mine now' }),
    makeDeleteBroadcast(world.deps)(asOwner),
  ]) {
    expect((await faultOf(work)).code).toBe('broadcast_not_found');
  }
  const listed = await makeListBroadcasts(world.deps)({ accountId, limit: 200 });
  expect(listed.items.map((each) => each.uuid)).toContain(own.uuid);
  expect(listed.items.map((each) => each.uuid)).not.toContain(theirs.uuid);
});

test('a list is read in parts, newest first', async () => {
  const owner = await world.addAccount();
  const ownPage = await world.addPage(owner);
  const made = [];
  for (const name of ['a', 'b', 'c']) made.push(await makeCreateBroadcast(world.deps)({ ...draft(ownPage), name }));
  const list = makeListBroadcasts(world.deps);
  const first = await list({ accountId: owner, limit: 2 });
  expect(first.items.map((each) => each.name)).toEqual(['c', 'b']);
  expect(first.next).toBe(made[1]!.uuid);
  const second = await list({ accountId: owner, limit: 2, after: first.next });
  expect(second).toMatchObject({ items: [{ name: 'a' }], next: null });
});

test('an edit changes what is given and nothing else', async () => {
  const other = await world.addPage(accountId);
  const lead = await world.addLead(page);
  const made = await create({ audience: { tagsAny: ['vip'], leadIds: [lead.uuid] }, ratePerSecond: 5 });
  const edited = await update(made.uuid, { name: 'Summer', pageIds: [other.uuid] });
  expect(edited).toMatchObject({ name: 'Summer', message: made.message, audience: made.audience, ratePerSecond: 5 });
  expect(edited.pages.map((each) => each.uuid)).toEqual([other.uuid]);
  expect((await update(made.uuid, { message: { text: 'Bye' }, audience: {}, ratePerSecond: null })).audience).toEqual({
    leadIds: null,
  });
  const read = await makeGetBroadcast(world.deps)({ accountId, broadcastUuid: made.uuid });
  expect(read).toMatchObject({ name: 'Summer', message: { text: 'Bye' }, ratePerSecond: null });
  expect(read.audience).toEqual({ leadIds: null });
  const hashes = await world.db.rows<{ h: string }>(
    `select encode(content_sha256, 'hex') as h from broadcast where public_id = any($1::uuid[])`,
    [[made.uuid, (await create({ message: { text: 'Bye' } })).uuid]],
  );
  expect(new Set(hashes.map((row) => row.h)).size).toBe(1);
});

test('a scheduled broadcast moves with its schedule and keeps one', async () => {
  const at = new Date(START.getTime() + HOUR_MS);
  const made = await create({ schedule: { at }, startDelaySeconds: 10, launch: true });
  expect(made).toMatchObject({ status: 'scheduled', startAt: new Date(at.getTime() + 10_000) });
  const later = new Date(START.getTime() + 2 * HOUR_MS);
  expect(await update(made.uuid, { schedule: { at: later }, startDelaySeconds: 0 })).toMatchObject({ startAt: later });
  expect((await faultOf(update(made.uuid, { schedule: null }))).pointers).toEqual(['/schedule']);
});

test('who may not launch changes only the name of what is launched', async () => {
  const at = new Date(START.getTime() + HOUR_MS);
  const made = await create({ schedule: { at } });
  expect(await update(made.uuid, { ratePerSecond: 5 }, false)).toMatchObject({ ratePerSecond: 5 });
  await makeLaunchBroadcast(world.deps)({ accountId, broadcastUuid: made.uuid });
  const patches: BroadcastPatch[] = [
    { message: { text: 'Another' } },
    { audience: {} },
    { schedule: { at: new Date(at.getTime() + 1) } },
    { pageIds: [page.uuid] },
    { ratePerSecond: null },
    { startDelaySeconds: 9 },
    { name: 'Autumn', purpose: 'utility' },
  ];
  for (const patch of patches) {
    expect(await faultOf(update(made.uuid, patch, false))).toMatchObject({ code: 'scope_missing' });
  }
  expect(await makeGetBroadcast(world.deps)({ accountId, broadcastUuid: made.uuid })).toMatchObject({
    message: { text: 'Hello {{first_name|there}}' },
    name: 'Spring',
    ratePerSecond: 5,
    scheduledAt: at,
  });
  expect(await update(made.uuid, { name: 'Autumn' }, false)).toMatchObject({ name: 'Autumn', status: 'scheduled' });
  expect(await update(made.uuid, { message: { text: 'Mine' } })).toMatchObject({ message: { text: 'Mine' } });
});

test('a frozen broadcast lets only name and rate be changed, and only while it is paused', async () => {
  await world.addLead(page);
  const made = await create({ launch: true });
  const ref = { accountId, broadcastUuid: made.uuid };
  await makeFreezeAudience(world.deps)(made.uuid);
  expect(await faultOf(update(made.uuid, { name: 'x' }))).toMatchObject({
    code: 'broadcast_state',
    message: expect.stringContaining('draft, scheduled, paused') as string,
  });
  await makePauseBroadcast(world.deps)(ref);
  for (const patch of [
    { message: { text: 'other' } },
    { audience: {} },
    { pageIds: [page.uuid] },
    { purpose: 'utility' },
  ]) {
    expect((await faultOf(update(made.uuid, { name: 'x', ...patch }))).code).toBe('broadcast_state');
  }
  expect(await update(made.uuid, { name: 'Renamed', ratePerSecond: 3 })).toMatchObject({
    name: 'Renamed',
    ratePerSecond: 3,
  });
});

test('only what never had an audience can be deleted', async () => {
  const remove = (broadcastUuid: string) => makeDeleteBroadcast(world.deps)({ accountId, broadcastUuid });
  const lead = await world.addLead(page);
  const made = await create({ audience: { leadIds: [lead.uuid] } });
  await remove(made.uuid);
  expect((await faultOf(remove(made.uuid))).code).toBe('broadcast_not_found');
  const launched = await create();
  await makeLaunchBroadcast(world.deps)({ accountId, broadcastUuid: launched.uuid });
  expect((await faultOf(remove(launched.uuid))).code).toBe('broadcast_state');
});
