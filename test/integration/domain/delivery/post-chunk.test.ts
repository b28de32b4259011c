import { randomUUID } from 'node:crypto';
import { blockBroadcastsOfPage, reopenBroadcastsOfPage } from '../../../../src/domain/broadcasts';
import { makeSendChunk, makeSendReplies, makeWithdrawBounced, queueReply } from '../../../../src/domain/delivery';
import { stopCalls } from '../../../../src/domain/delivery/effects';
import type { SendOutcome } from '../../../../src/domain/delivery/sender.types';
import { makeUpdatePage, stopPage } from '../../../../src/domain/pages';
import { replaceToken } from '../../../../src/domain/pages/page.store';
import { sealToken } from '../../../../src/domain/pages/page-token';
import type { Database } from '../../../../src/domain/sql.types';
import { until } from '../../../support/until';
import {
  accepted,
  DEFAULT_TOKEN,
  openDeliveryWorld,
  type DeliveryWorld,
  type WorldBroadcast,
  type WorldPage,
} from './delivery-world';

let world: DeliveryWorld;
beforeAll(async () => {
  world = await openDeliveryWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  world.sender.calls.length = 0;
  world.sender.answer = accepted;
  world.logged.length = 0;
});

const DEAD_TOKEN: SendOutcome = { kind: 'page-stopped', errorClass: 'page-token', code: 190, subcode: 460 };
const REFUSED: SendOutcome = { kind: 'rejected', errorClass: 'request-invalid', code: 100, subcode: null };
const signal = () => new AbortController().signal;

const pageState = (page: WorldPage) => world.db.first('select state, stop_reason from page where id = $1', [page.id]);
const broadcastPage = (broadcast: WorldBroadcast, page: WorldPage) =>
  world.db.first<{ state: string; reason: string | null; generation: number; refused: number }>(
    `select state, blocked_reason as reason, generation, refused_in_a_row as refused from broadcast_page
      where broadcast_id = $1 and page_id = $2`,
    [broadcast.id, page.id],
  );
const affected = async (page: WorldPage) => {
  const row = await world.db.first<{ tokenCt: Buffer }>('select token_ct as "tokenCt" from page where id = $1', [
    page.id,
  ]);
  return { ...page, tokenCt: row!.tokenCt };
};

const done = () => Promise.resolve({ ok: true, value: null } as const);
const updatePage = (page: WorldPage, accessToken: string) =>
  makeUpdatePage({
    ...world.deps,
    graph: {
      identify: () => Promise.resolve({ ok: true, value: { id: page.metaPageId, name: 'Test Page' } }),
      setProfile: done,
      subscribe: done,
      unsubscribe: done,
    },
    appendSystemEntry: () => Promise.resolve(),
    reopenBroadcasts: (tx, pageId) => reopenBroadcastsOfPage(tx, pageId, new Date()),
    blockBroadcasts: (tx, pageId, reason) => blockBroadcastsOfPage(tx, pageId, reason, new Date()),
  })({ accountId: world.accountId, ref: page.uuid, settings: {}, accessToken });

it('a Page that a dead token stopped goes on with a new token, and so do its broadcasts', async () => {
  const page = await world.addPage();
  await world.addLeads(page, 2);
  const broadcast = await world.addBroadcast([page]);
  await stopCalls(world.deps, await affected(page), DEAD_TOKEN);
  expect(await pageState(page)).toEqual({ state: 'stopped', stop_reason: 'page_token' });
  expect(await broadcastPage(broadcast, page)).toMatchObject({ state: 'blocked', reason: 'page_token' });
  await updatePage(page, 'a-token-that-is-new');
  expect(await pageState(page)).toEqual({ state: 'active', stop_reason: null });
  const { state, generation } = (await broadcastPage(broadcast, page))!;
  expect([state, generation]).toEqual(['open', 2]);
  await makeSendChunk(world.deps)({ broadcastId: broadcast.uuid, pageId: page.uuid, generation, lane: 0 }, signal());
  expect(world.sender.calls.map(({ token }) => token)).toEqual(['a-token-that-is-new', 'a-token-that-is-new']);
});

it('a late answer about the old token neither stops the Page nor blocks its broadcasts', async () => {
  const page = await world.addPage();
  await world.addLeads(page, 1);
  const broadcast = await world.addBroadcast([page]);
  const asCalled = await affected(page);
  await world.db.transaction((tx) =>
    replaceToken(tx, page.id, sealToken(world.keyRing, page.uuid, DEFAULT_TOKEN), new Date()),
  );
  await stopCalls(world.deps, asCalled, DEAD_TOKEN);
  expect(await pageState(page)).toEqual({ state: 'active', stop_reason: null });
  expect(await broadcastPage(broadcast, page)).toMatchObject({ state: 'open' });
  expect(world.logged).toEqual([]);
  await stopCalls(world.deps, await affected(page), DEAD_TOKEN);
  expect(await pageState(page)).toMatchObject({ state: 'stopped' });
});

it('a started Page leaves a refused message blocked, and counts refusals anew where it goes on', async () => {
  const page = await world.addPage();
  await world.addLeads(page, 12);
  const [refused, stopped] = [await world.addBroadcast([page]), await world.addBroadcast([page])];
  world.sender.answer = () => REFUSED;
  await world.sendOnce(refused, page);
  const blocked = await broadcastPage(refused, page);
  expect(blocked).toMatchObject({ state: 'blocked', reason: 'content_refused' });
  // One that was under way when the fifth was refused is counted too.
  expect(blocked?.refused).toBeGreaterThanOrEqual(5);
  await world.db.run('update broadcast_page set refused_in_a_row = 4 where broadcast_id = $1', [stopped.id]);
  await stopCalls(world.deps, await affected(page), DEAD_TOKEN);
  await updatePage(page, 'a-token-that-is-new');
  expect(await broadcastPage(refused, page)).toMatchObject({ state: 'blocked', reason: 'content_refused' });
  expect(await broadcastPage(stopped, page)).toMatchObject({ state: 'open', refused: 0 });
});

/** The database answers, but not to everything: a statement with these words fails or waits before. */
function databaseBut(words: string, first: () => Promise<void>): Database {
  const before = (text: string) => (text.includes(words) ? first() : Promise.resolve());
  const over = <Sql extends Pick<Database, 'rows' | 'first' | 'run'>>(sql: Sql): Sql => ({
    ...sql,
    rows: (text: string, values?: readonly unknown[]) => before(text).then(() => sql.rows(text, values)),
    first: (text: string, values?: readonly unknown[]) => before(text).then(() => sql.first(text, values)),
    run: (text: string, values?: readonly unknown[]) => before(text).then(() => sql.run(text, values)),
  });
  const { db } = world;
  return {
    ...over<Database>({
      rows: db.rows.bind(db),
      first: db.first.bind(db),
      run: db.run.bind(db),
      transaction: db.transaction,
    }),
    transaction: (work, options) => db.transaction((tx) => work(over(tx)), options),
  };
}

it('says so and waits when a database is too slow for any slot to be met', async () => {
  const page = await world.addPage();
  await world.addLeads(page, 2);
  const broadcast = await world.addBroadcast([page]);
  const slow = () => new Promise<void>((resolve) => setTimeout(resolve, 80));
  const db = databaseBut('synchronous_commit', slow);
  const result = await makeSendChunk({ ...world.deps, db })(
    { broadcastId: broadcast.uuid, pageId: page.uuid, generation: 1, lane: 0 },
    signal(),
  );
  expect(result).toEqual({ kind: 'wait', delayMs: 1_000 });
  expect(world.logged).toEqual(['delivery.slots_missed']);
  expect(world.sender.calls).toHaveLength(0);
  expect((await world.rows(broadcast)).map((row) => row.status)).toEqual(['pending', 'pending']);
}, 15_000);

it('a sender that fails by itself costs one message its certainty, no other row its record, and is reported', async () => {
  const page = await world.addPage(5);
  await world.addLeads(page, 4);
  const broadcast = await world.addBroadcast([page]);
  world.sender.answer = (call) => {
    if (world.sender.calls.length === 2) throw new RangeError('a fault of ours');
    return accepted(call);
  };
  await expect(world.sendOnce(broadcast, page)).rejects.toThrow('a fault of ours');
  expect((await world.rows(broadcast)).map((row) => row.status)).toEqual([
    'accepted',
    'uncertain',
    'pending',
    'pending',
  ]);
});

it('writes down what was sent although the database is away for a second', async () => {
  const page = await world.addPage();
  await world.addLeads(page, 2);
  const broadcast = await world.addBroadcast([page]);
  let refusals = 0;
  const db = databaseBut('transient_failures = c.failures', () => {
    refusals += 1;
    return refusals > 4 ? Promise.resolve() : world.db.run('select 1 / 0').then(() => undefined);
  });
  await makeSendChunk({ ...world.deps, db })(
    { broadcastId: broadcast.uuid, pageId: page.uuid, generation: 1, lane: 0 },
    signal(),
  );
  expect(refusals).toBe(5);
  expect((await world.rows(broadcast)).map((row) => row.status)).toEqual(['accepted', 'accepted']);
});

it('a fault before the first POST leaves no row behind as if it had been sent', async () => {
  const page = await world.addPage();
  await world.addLeads(page, 2);
  const broadcast = await world.addBroadcast([page]);
  const send = async (failingCall: number): Promise<boolean> => {
    let calls = 0;
    const uuid = () => {
      calls += 1;
      if (calls === failingCall) throw new RangeError('no number');
      return world.deps.ids.uuid();
    };
    const target = { broadcastId: broadcast.uuid, pageId: page.uuid, generation: 1, lane: 0 } as const;
    const sending = makeSendChunk({ ...world.deps, ids: { ...world.deps.ids, uuid } })(target, signal());
    return sending.then(
      () => true,
      () => false,
    );
  };
  let faults = 0;
  while (!(await send(faults + 1))) {
    faults += 1;
    expect((await world.rows(broadcast)).map((row) => row.status)).toEqual(['pending', 'pending']);
  }
  expect(faults).toBeGreaterThan(4);
  expect(world.sender.calls).toHaveLength(2);
});

const queue = async (page: WorldPage, leadId: string, kind: 'welcome' | 'ask_subscribe') =>
  world.db.transaction((tx) => queueReply(tx, { leadId, pageId: page.id, kind, cause: randomUUID(), language: 'en' }));
const replies = (page: WorldPage) =>
  world.db.rows<{ status: string; reason: string | null }>(
    'select status, reason from reply where page_id = $1 order by id',
    [page.id],
  );

it('a reply that cannot be written for now comes again, and the others have their turn', async () => {
  const page = await world.addPage();
  const [one, two] = await world.addLeads(page, 2);
  await queue(page, one!.id, 'welcome');
  await queue(page, two!.id, 'ask_subscribe');
  const db = databaseBut('from notice', () => world.db.run('select 1 / 0').then(() => undefined));
  await makeSendReplies({ ...world.deps, db })({ pageId: page.uuid }, signal());
  expect(world.sender.calls.map(({ psid }) => psid)).toEqual([two!.psid]);
  expect(await replies(page)).toMatchObject([{ status: 'pending' }, { status: 'accepted' }]);
  expect(world.logged).toEqual(['reply.delayed']);
});

/** Runs the replies of a slow Page; `change` comes true once the first has been sent. */
async function repliesWith(page: WorldPage, change: () => Promise<unknown>): Promise<void> {
  const working = world.repliesOnce(page);
  await until('the first reply was sent', () => Promise.resolve(world.sender.calls.length > 0));
  await change();
  await working;
}

it('replies stop when somebody else stops or throttles the Page', async () => {
  for (const change of [
    (page: WorldPage) =>
      world.db.transaction((tx) => stopPage(tx, page.id, { reason: 'page_token', code: 190, subcode: null })),
    (page: WorldPage) =>
      world.db.run(`update page_pace set throttled_until = now() + interval '1 minute' where page_id = $1`, [page.id]),
  ]) {
    world.sender.calls.length = 0;
    const page = await world.addPage(3);
    for (const lead of await world.addLeads(page, 3)) await queue(page, lead.id, 'ask_subscribe');
    await repliesWith(page, () => change(page));
    expect(world.sender.calls).toHaveLength(1);
    expect((await replies(page)).map(({ status }) => status)).toEqual(['accepted', 'pending', 'pending']);
  }
});

it('a welcome is not sent to somebody who leaves in between; what they asked for is', async () => {
  const page = await world.addPage(3);
  const [first, left] = await world.addLeads(page, 2);
  await queue(page, first!.id, 'ask_subscribe');
  await queue(page, left!.id, 'welcome');
  await queue(page, left!.id, 'ask_subscribe');
  await repliesWith(page, () => world.db.run(`update lead set status = 'unsubscribed' where id = $1`, [left!.id]));
  expect(await replies(page)).toEqual([
    { status: 'accepted', reason: null },
    { status: 'skipped', reason: 'unsubscribed' },
    { status: 'accepted', reason: null },
  ]);
  expect(world.sender.calls).toHaveLength(2);
});

it('withdraws who opted out at Meta when the process that met the answer died, and nobody who came back', async () => {
  const page = await world.addPage();
  const [lost, back, other] = await world.addLeads(page, 3);
  const broadcast = await world.addBroadcast([page]);
  world.sender.answer = ({ psid }) =>
    psid === other!.psid
      ? REFUSED
      : { kind: 'rejected', errorClass: 'recipient-opted-out', code: 10, subcode: 1893015 };
  const died = { ...world.deps, withdrawLead: () => Promise.resolve() };
  await makeSendChunk(died)({ broadcastId: broadcast.uuid, pageId: page.uuid, generation: 1, lane: 0 }, signal());
  const sweep = makeWithdrawBounced(world.deps);
  expect(await sweep()).toBe(0);
  await world.db.run(`update delivery set settled_at = now() - interval '1 minute' where broadcast_id = $1`, [
    broadcast.id,
  ]);
  await world.db.run('update lead set explicit_act_at = now() where id = $1', [back!.id]);
  expect([await sweep(), await sweep()]).toEqual([1, 0]);
  const statuses = await world.db.rows<{ id: string; status: string }>(
    'select id, status from lead where page_id = $1 order by id',
    [page.id],
  );
  expect(statuses).toEqual([
    { id: lost!.id, status: 'unsubscribed' },
    { id: back!.id, status: 'subscribed' },
    { id: other!.id, status: 'subscribed' },
  ]);
});
