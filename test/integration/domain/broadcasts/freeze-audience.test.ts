import {
  makeCreateBroadcast,
  makeFreezeAudience,
  makeGetBroadcast,
  makePauseBroadcast,
  makePreflight,
  makeResumeBroadcast,
  makeUpdateBroadcast,
  type BroadcastView,
} from '../../../../src/domain/broadcasts';
import type { RowId } from '../../../../src/domain/sql.types';
import {
  draft,
  HOUR_MS,
  makeBroadcastWorld,
  RULES,
  START,
  type BroadcastWorld,
  type LeadRowInput,
  type TestPage,
} from './broadcast-world';

let world: BroadcastWorld;
let accountId: RowId;
let page: TestPage;
beforeAll(async () => {
  world = await makeBroadcastWorld();
});
beforeEach(async () => {
  world.setNow(START);
  world.jobs.length = 0;
  accountId = await world.addAccount();
  page = await world.addPage(accountId);
});
afterAll(() => world.close());

const launch = (changes: object = {}) => makeCreateBroadcast(world.deps)({ ...draft(page), launch: true, ...changes });
const freeze = (view: BroadcastView) => makeFreezeAudience(world.deps)(view.uuid);
const read = (view: BroadcastView) => makeGetBroadcast(world.deps)({ accountId, broadcastUuid: view.uuid });
const rowsOf = (view: BroadcastView) =>
  world.db.rows<Record<string, unknown>>(
    `select d.* from delivery d join broadcast b on b.id = d.broadcast_id where b.public_id = $1 order by d.seq`,
    [view.uuid],
  );

const LONG_AGO = new Date(START.getTime() - 48 * HOUR_MS);
const SKIPPED: readonly [string, LeadRowInput][] = [
  ['restricted', { restricted_at: START }],
  ['unsubscribed', { status: 'unsubscribed' }],
  ['suppressed', { status: 'suppressed', consent_entry: null }],
  ['no_consent', { status: 'reply_only', consent_entry: null }],
  ['notice_not_shown', { notice_shown_at: null }],
  ['unreachable', { unreachable_at: START }],
  ['window_closed', { last_inbound_at: LONG_AGO }],
  ['path_not_configured', { last_inbound_at: LONG_AGO, marketing_token_state: 'granted' }],
];

test('everybody of the audience gets one row with a decision, and the numbers are those of the preflight', async () => {
  const other = await world.addPage(accountId);
  const eligible = await world.addLead(page, { chain_n: 7, notice_version: 3 });
  const expected: (readonly [RowId, string | null])[] = [[eligible.id, null]];
  for (const [reason, changes] of SKIPPED) expected.push([(await world.addLead(other, changes)).id, reason]);
  expected.push([(await world.addLead(other)).id, null]);
  await world.addLead(await world.addPage(accountId));

  const made = await launch({ pageIds: [other.uuid, page.uuid] });
  const preflight = await makePreflight(world.deps)({ accountId, broadcastUuid: made.uuid });
  expect(await freeze(made)).toEqual({ kind: 'frozen', audience: 10, status: 'sending' });

  const rows = await rowsOf(made);
  expect(rows.map((row) => [row.lead_id, row.reason])).toEqual(expected);
  expect(rows.map((row) => row.seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const consent = await world.db.first<{ entry: string }>('select consent_entry as entry from lead where id = $1', [
    eligible.id,
  ]);
  expect(rows[0]).toMatchObject({
    page_id: page.id,
    status: 'pending',
    path: 'standard',
    basis: 'consent',
    consent_entry: consent!.entry,
    notice_version: 3,
    rule_version: RULES.ruleVersion,
    subject_n: 7,
    due_at: START,
    public_id: null,
    settled_at: null,
  });
  expect(rows[1]).toMatchObject({
    page_id: other.id,
    status: 'skipped',
    path: null,
    basis: null,
    consent_entry: null,
    notice_version: null,
    due_at: null,
    settled_at: START,
  });

  const { stats, pages } = await read(made);
  const skipped = Object.fromEntries(SKIPPED.map(([reason]) => [reason, 1]));
  expect(stats).toMatchObject({ audience: 10, pending: 2, skipped });
  expect(preflight).toMatchObject({ audience: 10, eligible: 2, skipped, paths: { standard: 2 } });
  expect(pages.map((each) => [each.uuid, each.stats.audience, each.stats.pending, each.state])).toEqual([
    [page.uuid, 1, 1, 'open'],
    [other.uuid, 9, 1, 'open'],
  ]);
});

test('after the commit both lanes of each Page are asked for, and a second run does nothing', async () => {
  const other = await world.addPage(accountId);
  await world.addLead(page);
  await world.addLead(other);
  const made = await launch({ pageIds: [page.uuid, other.uuid] });
  world.jobs.length = 0;
  await freeze(made);
  const chunk = (of: TestPage, lane: number) => ({
    name: 'send-chunk',
    broadcastId: made.uuid,
    pageId: of.uuid,
    generation: 1,
    lane,
    turn: 0,
  });
  expect(world.jobs.map(({ job }) => job)).toEqual([chunk(page, 0), chunk(page, 1), chunk(other, 0), chunk(other, 1)]);
  const before = await rowsOf(made);
  expect(await freeze(made)).toEqual({ kind: 'nothing_to_do' });
  expect(await rowsOf(made)).toEqual(before);
  expect(world.jobs).toHaveLength(4);
});

test('of several runs at the same time one freezes', async () => {
  await world.addLeads(page, 50);
  const made = await launch();
  let arrived = 0;
  let release: () => void = () => undefined;
  const allHaveRead = new Promise<void>((resolve) => (release = resolve));
  const accountKey = async (id: RowId): Promise<Buffer> => {
    arrived += 1;
    if (arrived === 3) release();
    await allHaveRead;
    return world.deps.accountKey(id);
  };
  const run = makeFreezeAudience({ ...world.deps, accountKey });
  const results = await Promise.all([run(made.uuid), run(made.uuid), run(made.uuid)]);
  expect(results.map((result) => result.kind).sort()).toEqual(['frozen', 'nothing_to_do', 'nothing_to_do']);
  expect(await rowsOf(made)).toHaveLength(50);
});

test('an edit between reading and locking is not overlooked', async () => {
  const lead = await world.addLead(page);
  await world.addLead(page);
  const made = await launch();
  const ref = { accountId, broadcastUuid: made.uuid };
  const lookups = {
    ...world.deps.lookups,
    tagIds: async () => Promise.resolve(new Map<string, RowId>()),
  };
  let isEdited = false;
  const accountKey = async (id: RowId): Promise<Buffer> => {
    if (!isEdited) {
      isEdited = true;
      await makePauseBroadcast(world.deps)(ref);
      world.advance(1);
      await makeUpdateBroadcast(world.deps)({
        mayLaunch: true,
        ...ref,
        patch: { audience: { leadIds: [lead.uuid] } },
      });
      await makeResumeBroadcast(world.deps)(ref);
    }
    return world.deps.accountKey(id);
  };
  expect(await makeFreezeAudience({ ...world.deps, lookups, accountKey })(made.uuid)).toEqual({
    kind: 'nothing_to_do',
  });
  expect(await rowsOf(made)).toEqual([]);
  await freeze(made);
  expect((await rowsOf(made)).map((row) => row.lead_id)).toEqual([lead.id]);
});

test('a broadcast with nobody to send to is complete at once', async () => {
  await world.addLead(page, { status: 'unsubscribed' });
  const made = await launch();
  world.jobs.length = 0;
  expect(await freeze(made)).toMatchObject({ kind: 'frozen', audience: 1, status: 'completed' });
  expect(await read(made)).toMatchObject({ status: 'completed', completedAt: START, pages: [{ state: 'done' }] });
  expect(world.jobs).toEqual([]);
  const empty = await launch({ audience: { tagsAny: ['nobody has it'] } });
  expect(await freeze(empty)).toEqual({ kind: 'frozen', audience: 0, status: 'completed' });
});

test('a stopped Page is blocked from the start, and alone blocks the broadcast', async () => {
  const other = await world.addPage(accountId);
  await world.addLead(page);
  await world.addLead(other);
  await world.db.run(`update page set state = 'stopped', stop_reason = 'page-token' where id = $1`, [page.id]);
  const both = await launch({ pageIds: [page.uuid, other.uuid] });
  expect(await freeze(both)).toMatchObject({ status: 'sending' });
  expect((await read(both)).pages).toMatchObject([
    { state: 'blocked', blockedReason: 'page-token' },
    { state: 'open', blockedReason: null },
  ]);
  const alone = await launch();
  expect(await freeze(alone)).toMatchObject({ status: 'blocked' });
  expect(await read(alone)).toMatchObject({ status: 'blocked', blockedReason: 'page-token' });
});

test('a freeze that comes too late asks instead', async () => {
  await world.addLead(page);
  const made = await launch();
  world.advance(15 * 60_000 + 1);
  expect(await freeze(made)).toEqual({ kind: 'late' });
  expect(await read(made)).toMatchObject({ status: 'blocked', blockedReason: 'late_start' });
  expect(await rowsOf(made)).toEqual([]);
  expect(await makeResumeBroadcast(world.deps)({ accountId, broadcastUuid: made.uuid })).toMatchObject({
    status: 'preparing',
    blockedReason: null,
  });
  expect(await freeze(made)).toMatchObject({ kind: 'frozen', audience: 1 });
});

test('a broadcast that is gone, or not prepared, is left alone', async () => {
  const idle = await makeCreateBroadcast(world.deps)(draft(page));
  expect(await freeze(idle)).toEqual({ kind: 'nothing_to_do' });
  expect(await makeFreezeAudience(world.deps)('00000000-0000-4000-8000-000000000000')).toEqual({
    kind: 'nothing_to_do',
  });
});
