import {
  makeCreateBroadcast,
  makeEstimateAudience,
  makeFreezeAudience,
  makePreflight,
  type AudienceInput,
} from '../../../../src/domain/broadcasts';
import {
  draft,
  HOUR_MS,
  makeBroadcastWorld,
  START,
  type BroadcastWorld,
  type TestLead,
  type TestPage,
} from './broadcast-world';

let world: BroadcastWorld;
let page: TestPage;
let other: TestPage;
let strangers: TestPage;
const leads = new Map<string, TestLead>();
const ago = (ms: number): Date => new Date(START.getTime() - ms);

beforeAll(async () => {
  world = await makeBroadcastWorld();
  const accountId = await world.addAccount();
  page = await world.addPage(accountId);
  other = await world.addPage(accountId);
  strangers = await world.addPage(await world.addAccount());
  const add = async (name: string, on: TestPage, changes: object, tags: readonly string[] = []) => {
    const lead = await world.addLead(on, changes);
    if (tags.length > 0) await world.tag(on, lead, tags);
    leads.set(name, lead);
  };
  await add('ann', page, { locale: 'de_AT', ref_index: world.refIndex(page, 'flyer') }, ['vip', 'new']);
  await add('ben', page, { locale: 'de_DE', opted_in_at: ago(50 * HOUR_MS) }, ['vip']);
  await add('cid', page, { locale: 'fr_FR', last_inbound_at: ago(30 * HOUR_MS) }, ['new', 'r\u00e9sum\u00e9']);
  await add('dee', page, { status: 'unsubscribed', ref_index: world.refIndex(page, 'poster') });
  await add('eve', other, { ref_index: world.refIndex(other, 'flyer') }, ['vip']);
  await add('zoe', strangers, { locale: 'de_DE', ref_index: world.refIndex(page, 'flyer') }, ['vip', 'new']);
});
afterAll(() => world.close());

/** The audience by name, as the freeze selects it; the estimate must count as many. */
async function audienceOf(audience: AudienceInput, pages = [page, other]): Promise<string[]> {
  const made = await makeCreateBroadcast(world.deps)({
    ...draft(page),
    pageIds: pages.map((each) => each.uuid),
    audience,
    launch: true,
  });
  const input = { accountId: page.accountId, pageIds: pages.map((each) => each.metaPageId), audience };
  const estimate = await makeEstimateAudience(world.deps)(input);
  await makeFreezeAudience(world.deps)(made.uuid);
  const rows = await world.db.rows<{ uuid: string }>(
    `select l.public_id as uuid from delivery d join lead l on l.id = d.lead_id
      join broadcast b on b.id = d.broadcast_id where b.public_id = $1`,
    [made.uuid],
  );
  const names = [...leads].filter(([, lead]) => rows.some((row) => row.uuid === lead.uuid)).map(([name]) => name);
  expect(names).toHaveLength(rows.length);
  expect(estimate.audience).toBe(rows.length);
  return names;
}

const uuidOf = (name: string): string => leads.get(name)!.uuid;

test.each<[string, () => AudienceInput, string[]]>([
  ['nothing: everybody, unsubscribed ones included', () => ({}), ['ann', 'ben', 'cid', 'dee', 'eve']],
  ['any tag', () => ({ tagsAny: ['vip', 'new'] }), ['ann', 'ben', 'cid', 'eve']],
  ['all tags', () => ({ tagsAll: ['vip', 'new'] }), ['ann']],
  ['no tag', () => ({ tagsNone: ['vip'] }), ['cid', 'dee']],
  ['any and none', () => ({ tagsAny: ['vip'], tagsNone: ['new'] }), ['ben', 'eve']],
  ['a tag in another form of Unicode', () => ({ tagsAny: ['re\u0301sume\u0301 '] }), ['cid']],
  ['a tag nobody has, any', () => ({ tagsAny: ['ghost'] }), []],
  ['a tag nobody has, all', () => ({ tagsAll: ['vip', 'ghost'] }), []],
  ['a tag nobody has, none', () => ({ tagsNone: ['ghost'] }), ['ann', 'ben', 'cid', 'dee', 'eve']],
  ['a ref, on each Page under its own key', () => ({ refsAny: ['flyer'] }), ['ann', 'eve']],
  ['several refs', () => ({ refsAny: ['flyer', 'poster'] }), ['ann', 'dee', 'eve']],
  ['a ref nobody came by', () => ({ refsAny: ['ghost'] }), []],
  ['opted in after', () => ({ optedInAfter: ago(40 * HOUR_MS) }), ['ann', 'cid', 'dee', 'eve']],
  ['last inbound after', () => ({ lastInboundAfter: ago(25 * HOUR_MS) }), ['ann', 'ben', 'dee', 'eve']],
  ['an open window', () => ({ window: 'open' }), ['ann', 'ben', 'dee', 'eve']],
  ['any window', () => ({ window: 'any' }), ['ann', 'ben', 'cid', 'dee', 'eve']],
  ['a locale', () => ({ locales: ['de_AT'] }), ['ann']],
  ['a language and a locale', () => ({ locales: ['de', 'fr_FR'] }), ['ann', 'ben', 'cid']],
  ['leads by id', () => ({ leadIds: [uuidOf('cid'), uuidOf('eve').toUpperCase(), uuidOf('cid')] }), ['cid', 'eve']],
  ['leads by id that also match', () => ({ leadIds: [uuidOf('cid'), uuidOf('ann')], tagsAll: ['vip'] }), ['ann']],
])('%s', async (_filter, audience, expected) => {
  expect(await audienceOf(audience())).toEqual(expected);
});

test('who was in another broadcast can be left out', async () => {
  const first = await makeCreateBroadcast(world.deps)({ ...draft(page), audience: { tagsAny: ['new'] }, launch: true });
  expect(await audienceOf({ notInBroadcast: first.uuid })).toEqual(['ann', 'ben', 'cid', 'dee', 'eve']);
  await makeFreezeAudience(world.deps)(first.uuid);
  expect(await audienceOf({ notInBroadcast: first.uuid })).toEqual(['ben', 'dee', 'eve']);
});

test('only the Pages of the broadcast are meant', async () => {
  expect(await audienceOf({}, [other])).toEqual(['eve']);
});

test('the account is kept even when a foreign Page slipped in', async () => {
  const made = await makeCreateBroadcast(world.deps)({ ...draft(page), launch: true });
  await world.db.run(
    `insert into broadcast_page (broadcast_id, page_id, state) select id, $2, 'open' from broadcast where public_id = $1`,
    [made.uuid, strangers.id],
  );
  expect(await makeFreezeAudience(world.deps)(made.uuid)).toMatchObject({ audience: 4 });
});

test('naming leads that are gone by now means nobody, not everybody', async () => {
  const lead = await world.addLead(other);
  const made = await makeCreateBroadcast(world.deps)({
    ...draft(page, other),
    audience: { leadIds: [lead.uuid] },
    launch: true,
  });
  await world.db.run('delete from lead where id = $1', [lead.id]);
  expect(await makeFreezeAudience(world.deps)(made.uuid)).toMatchObject({ audience: 0, status: 'completed' });
});

test('the estimate gives decisions and stays inside the account', async () => {
  const estimate = makeEstimateAudience(world.deps);
  expect(await estimate({ accountId: page.accountId, pageIds: [page.uuid, other.uuid], audience: {} })).toMatchObject({
    audience: 5,
    eligible: 3,
    skipped: { unsubscribed: 1, window_closed: 1 },
    pages: [
      { uuid: page.uuid, audience: 4, eligible: 2 },
      { uuid: other.uuid, audience: 1, eligible: 1, skipped: {} },
    ],
  });
  for (const [pageIds, audience, pointer] of [
    [[strangers.uuid], {}, '/page_ids/0'],
    [[page.uuid], { leadIds: [uuidOf('zoe')] }, '/audience/lead_ids/0'],
    [[page.uuid], { tagsAny: [] }, '/audience/tags_any'],
  ] as const) {
    await expect(estimate({ accountId: page.accountId, pageIds, audience })).rejects.toMatchObject({
      code: 'broadcast_invalid',
      errors: [{ pointer }],
    });
  }
});

test('the preflight tells what is needed before a launch', async () => {
  const at = new Date(START.getTime() + 30 * HOUR_MS);
  const made = await makeCreateBroadcast(world.deps)({
    ...draft(page, other),
    audience: { tagsNone: ['ghost'] },
    ratePerSecond: 36,
    schedule: { at },
  });
  const preflight = await makePreflight(world.deps)({ accountId: page.accountId, broadcastUuid: made.uuid });
  expect(preflight).toMatchObject({
    audience: 5,
    eligible: 3,
    eligibleAtStart: 0,
    estimatedSeconds: 1,
    evaluatedAt: START,
  });
  expect(preflight.pages).toMatchObject([{ ratePerSecond: 35 }, { ratePerSecond: 35 }]);
  expect(preflight.warnings.map((warning) => warning.code)).toEqual([
    'window_closes_before_start',
    'unknown_tag',
    'rate_above_page',
    'opt_in_proof',
    'rate_above_page',
    'opt_in_proof',
  ]);
  expect(JSON.stringify(preflight.preview)).toContain('Hello there');
  expect(JSON.stringify(preflight.preview)).toContain('assent:v1:unsubscribe:');
  const foreign = { accountId: strangers.accountId, broadcastUuid: made.uuid };
  await expect(makePreflight(world.deps)(foreign)).rejects.toMatchObject({ code: 'broadcast_not_found' });
});
