import { randomBytes } from 'node:crypto';
import { makeConsentHistory } from '../../../../src/domain/consent';
import {
  findTagIds,
  makeGetLead,
  makeListLeads,
  makeLookupLead,
  makeSetTags,
  makeTagLeads,
  type LookupLeadDeps,
} from '../../../../src/domain/leads';
import { makeUnsubscribeLead } from '../../../../src/domain/unsubscribe';
import { message, newPsid, openInboxWorld, type InboxWorld, type TestPage } from '../inbox/inbox-world';

let world: InboxWorld;
let deps: LookupLeadDeps;
let page: TestPage;
let other: TestPage;
const people = Array.from({ length: 5 }, newPsid);
const stranger = newPsid();

beforeAll(async () => {
  world = await openInboxWorld();
  const keys = new Map<string, Buffer>();
  const accountKey = (id: string): Promise<Buffer> => {
    const key = keys.get(id) ?? randomBytes(32);
    keys.set(id, key);
    return Promise.resolve(key);
  };
  deps = { db: world.db, keyRing: world.keyRing, accountKey };
  page = await world.newPage();
  other = await world.newPage();
  for (const psid of people) await world.deliver(page, message(page, psid, world.now(), 'hello'));
  await world.deliver(other, message(other, stranger, world.now(), 'hello'));
});
afterAll(() => world.close());

const uuidOf = async (psid: string, on = page): Promise<string> => (await world.leadOf(on, psid))!.uuid;
const list = (input: object) => makeListLeads(deps)({ accountId: page.accountId, limit: 50, ...input });

test('a list is walked page by page, newest first, without a gap or a repetition', async () => {
  const seen: string[] = [];
  let cursor: string | undefined;
  let calls = 0;
  do {
    const part = await list({ limit: 2, ...(cursor === undefined ? {} : { cursor }) });
    seen.push(...part.leads.map(({ uuid }) => uuid));
    cursor = part.nextCursor ?? undefined;
    calls += 1;
  } while (cursor !== undefined);
  expect(calls).toBe(3);
  expect(seen).toEqual(await Promise.all([...people].reverse().map((psid) => uuidOf(psid))));
});

test('a cursor says nothing, and opens only its own list', async () => {
  const { nextCursor } = await list({ limit: 2 });
  expect(Buffer.from(nextCursor!, 'base64url').length).toBeGreaterThan(29);
  await expect(
    makeListLeads(deps)({ accountId: other.accountId, limit: 2, cursor: nextCursor! }),
  ).rejects.toMatchObject({ code: 'validation_failed' });
  await expect(list({ cursor: 'MTIz' })).rejects.toMatchObject({ code: 'validation_failed' });
  await expect(list({ limit: 201 })).rejects.toMatchObject({ code: 'validation_failed' });
});

test('filters by Page, status and tag', async () => {
  await makeSetTags(deps)({
    accountId: page.accountId,
    leadUuid: await uuidOf(people[0]!),
    tags: ['vip', ' Café ', 'vip'],
  });
  await makeUnsubscribeLead(world.deps)({ accountId: page.accountId, leadUuid: await uuidOf(people[1]!), via: 'api' });
  await world.db.run('update lead set unreachable_at = $2 where public_id = $1', [
    await uuidOf(people[2]!),
    world.now(),
  ]);
  const uuids = async (input: object) => (await list(input)).leads.map(({ uuid }) => uuid);
  expect(await uuids({ tag: 'vip' })).toEqual([await uuidOf(people[0]!)]);
  expect(await uuids({ tag: 'Cafe\u0301' })).toEqual([await uuidOf(people[0]!)]);
  expect(await uuids({ tag: 'nobody' })).toEqual([]);
  expect(await uuids({ status: 'unsubscribed' })).toEqual([await uuidOf(people[1]!)]);
  expect(await uuids({ status: 'unreachable' })).toEqual([await uuidOf(people[2]!)]);
  expect(await uuids({ status: 'subscribed' })).toHaveLength(4);
  expect(await uuids({ page: page.metaPageId })).toHaveLength(5);
  expect(await uuids({ page: page.uuid })).toHaveLength(5);
  expect(await uuids({ page: other.metaPageId })).toEqual([]);
  const { leads } = await list({ tag: 'vip' });
  expect(leads[0]).toMatchObject({
    tags: ['Café', 'vip'],
    status: 'subscribed',
    metaPageId: page.metaPageId,
    pageUuid: page.uuid,
  });
  expect(JSON.stringify(await list({}))).not.toContain(people[0]);
});

test('look-up by page-scoped id, and get', async () => {
  const lookup = makeLookupLead(deps);
  const found = await lookup({ accountId: page.accountId, page: page.metaPageId, psid: people[3]! });
  expect(found.uuid).toBe(await uuidOf(people[3]!));
  expect(await makeGetLead(deps)({ accountId: page.accountId, leadUuid: found.uuid })).toEqual(found);
  await expect(lookup({ accountId: page.accountId, page: page.uuid, psid: newPsid() })).rejects.toMatchObject({
    code: 'lead_not_found',
  });
});

test('tags in bulk: added and removed, leads of others and full leads named by number', async () => {
  const tagLeads = makeTagLeads(deps);
  const [a, b] = [await uuidOf(people[3]!), await uuidOf(people[4]!)];
  await makeSetTags(deps)({
    accountId: page.accountId,
    leadUuid: b,
    tags: Array.from({ length: 50 }, (_, n) => `tag ${n}`),
  });
  const result = await tagLeads({
    accountId: page.accountId,
    leadUuids: [a, b, await uuidOf(stranger, other)],
    add: ['new'],
    remove: ['old'],
  });
  expect(result).toEqual({ changed: 1, notFound: 1, refused: 1 });
  expect(
    await tagLeads({ accountId: page.accountId, leadUuids: [a, b], add: ['new'], remove: ['tag 1'] }),
  ).toMatchObject({ changed: 2 });
  const get = makeGetLead(deps);
  expect((await get({ accountId: page.accountId, leadUuid: a })).tags).toEqual(['new']);
  const { tags } = await get({ accountId: page.accountId, leadUuid: b });
  expect(tags).toHaveLength(50);
  expect(tags).toContain('new');
  expect(tags).not.toContain('tag 1');
  expect((await findTagIds(world.db, deps, page.accountId, ['new', 'unheard of'])).size).toBe(1);
  expect((await findTagIds(world.db, deps, other.accountId, ['new'])).size).toBe(0);
  expect(await world.count(`tag where position('new'::bytea in name_ct) > 0`)).toBe(0);
  await expect(tagLeads({ accountId: page.accountId, leadUuids: [a], add: [''], remove: [] })).rejects.toMatchObject({
    errors: [{ pointer: '/add/0' }],
  });
});

test('nothing crosses accounts', async () => {
  const theirs = await uuidOf(stranger, other);
  const { accountId } = page;
  const gone = { code: 'lead_not_found' };
  await expect(makeGetLead(deps)({ accountId, leadUuid: theirs })).rejects.toMatchObject(gone);
  await expect(makeSetTags(deps)({ accountId, leadUuid: theirs, tags: ['mine'] })).rejects.toMatchObject(gone);
  await expect(makeLookupLead(deps)({ accountId, page: other.metaPageId, psid: stranger })).rejects.toMatchObject(gone);
  await expect(makeConsentHistory(world.deps)({ accountId, leadUuid: theirs })).rejects.toMatchObject(gone);
  await expect(makeUnsubscribeLead(world.deps)({ accountId, leadUuid: theirs, via: 'api' })).rejects.toMatchObject(
    gone,
  );
  expect(await list({ page: other.metaPageId })).toEqual({ leads: [], nextCursor: null });
  expect((await world.leadOf(other, stranger))!.row).toMatchObject({ status: 'subscribed', tag_ids: [] });
});
