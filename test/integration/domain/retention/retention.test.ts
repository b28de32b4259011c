import {
  makeApplyDelivered,
  makeApplyRead,
  skipPendingOfLead,
  skipRepliesOfLead,
} from '../../../../src/domain/delivery';
import { readStatsRows } from '../../../../src/domain/broadcasts/stats.store';
import { statsOf } from '../../../../src/domain/broadcasts/stats.rules';
import { makeCarryOutErasures, makeEraseByAge } from '../../../../src/domain/erasure';
import { makeAuditLedger } from '../../../../src/domain/proof';
import { makeApplyRetention, makePreviewRetention, type ApplyRetentionDeps } from '../../../../src/domain/retention';
import { message, type TestPage } from '../inbox/inbox-world';
import { openProofWorld, type ProofWorld, type Subscriber } from '../proof/proof-world';

const DAY_MS = 86_400_000;
let world: ProofWorld;
let page: TestPage;
beforeAll(async () => {
  world = await openProofWorld();
  // Receipts are judged by the database's clock too.
  world.setNow(new Date());
});
afterAll(() => world.close());
beforeEach(async () => {
  page = await world.newPage();
  await world.logPage(page);
});

const deps = (): ApplyRetentionDeps => ({
  ...world.deps,
  eraseByAge: makeEraseByAge({ ...world.deps, skipPendingOfLead, skipRepliesOfLead }),
});
const apply = (over: Partial<ApplyRetentionDeps> = {}) => makeApplyRetention({ ...deps(), ...over })();
const preview = async (accountId: string | null = page.accountId, at?: Date) => {
  const { rules } = await makePreviewRetention(world.deps)({ accountId, ...(at === undefined ? {} : { at }) });
  return Object.fromEntries(rules.map(({ rule, count }) => [rule, count]));
};
const NOTHING = { silent_people: 0, people_who_left: 0, receipts: 0, security_log: 0 };

/** As if the person had done everything so long ago. */
const longAgo = ({ id }: Subscriber, age: string) =>
  world.db.run(
    `update lead set created_at = created_at - $2::interval, last_inbound_at = last_inbound_at - $2::interval,
       explicit_act_at = explicit_act_at - $2::interval, withdrawn_at = withdrawn_at - $2::interval where id = $1`,
    [id, age],
  );
const leave = async ({ psid }: Subscriber) => {
  await world.deliver(page, message(page, psid, world.now(), 'STOP'));
  await world.sequence();
};
const statusOf = async ({ id }: Subscriber) =>
  (await world.db.first<{ status: string }>('select status from lead where id = $1', [id]))?.status ?? 'gone';

it('erases the silent after 24 months and those who left after 36, and nobody a day earlier', async () => {
  const fresh = await world.subscribe(page);
  const [silent, nearly] = [await world.subscribe(page), await world.subscribe(page)];
  const [left, lately] = [await world.subscribe(page), await world.subscribe(page)];
  await leave(left);
  await leave(lately);
  await longAgo(silent, '24 months 1 day');
  await longAgo(nearly, '23 months 20 days');
  await longAgo(left, '36 months 1 day');
  await longAgo(lately, '30 months');
  expect(await preview()).toEqual({ ...NOTHING, silent_people: 1, people_who_left: 1 });
  expect(await preview(null)).toMatchObject({ silent_people: 1, people_who_left: 1 });
  const inAYear = new Date(world.now().getTime() + 366 * DAY_MS);
  expect(await preview(page.accountId, inAYear)).toMatchObject({ silent_people: 2, people_who_left: 2 });
  const elsewhere = await world.newPage();
  await world.logPage(elsewhere);
  expect(await preview(elsewhere.accountId)).toEqual(NOTHING);

  expect(await apply()).toMatchObject({ people: 2 });
  expect(await apply()).toMatchObject({ people: 0 });
  expect([await statusOf(silent), await statusOf(left)]).toEqual(['erasing', 'erasing']);
  expect([await statusOf(fresh), await statusOf(nearly)]).toEqual(['subscribed', 'subscribed']);
  expect(await statusOf(lately)).toBe('unsubscribed');
  const origins = await world.db.rows('select distinct origin, keeps_mark, link_ct from erasure where page_id = $1', [
    page.id,
  ]);
  expect(origins).toEqual([{ origin: 'retention', keeps_mark: false, link_ct: null }]);
  expect(
    await makeCarryOutErasures({ ...world.deps, keyRingCopy: null, dropBackupFiles: () => Promise.resolve(0) })(),
  ).toBe(2);
  expect([await statusOf(silent), await statusOf(left)]).toEqual(['gone', 'gone']);
  await world.sequence();
  await longAgo(lately, '-30 months');
  expect((await makeAuditLedger({ ...world.deps, checkpointCopy: world.checkpointCopy })()).findings).toEqual([]);
});

it('leaves alone who writes in the very moment', async () => {
  const ann = await world.subscribe(page);
  await longAgo(ann, '25 months');
  const { eraseByAge } = deps();
  const applied = await apply({
    eraseByAge: async (lead, isOver) => {
      await world.deliver(page, message(page, ann.psid, world.now(), 'still here'));
      return eraseByAge(lead, isOver);
    },
  });
  expect([applied.people, await statusOf(ann)]).toEqual([0, 'subscribed']);
});

it('turns receipts into counts after 30 days, once, and takes no late ones', async () => {
  const [ann, bob] = [await world.subscribe(page), await world.subscribe(page)];
  const sent = await world.sendTo(page, [ann.id, bob.id]);
  const { broadcastId } = sent;
  const age = (days: number) =>
    world.db.run(
      `update delivery set claimed_at = now() - $2::interval, post_started_at = now() - $2::interval where broadcast_id = $1`,
      [broadcastId, `${String(days)} days`],
    );
  const see = (apply: ReturnType<typeof makeApplyRead>, { id }: Subscriber) =>
    world.db.transaction((tx) => apply(tx, { leadId: id, watermarkMs: Date.now() + 1_000, mids: [] }));
  const stats = async () => statsOf(await readStatsRows(world.db, broadcastId));
  await world.db.run(
    `insert into broadcast_page (broadcast_id, page_id, state) values ($1, $2, 'done') on conflict do nothing`,
    [broadcastId, page.id],
  );
  await world.db.run(
    `update broadcast set status = 'completed', frozen_at = now() - interval '40 days' where id = $1`,
    [broadcastId],
  );
  await age(29);
  await see(makeApplyRead(world.deps), ann);
  await see(makeApplyDelivered(world.deps), bob);
  const before = await stats();
  expect(before).toMatchObject({ accepted: 2, delivered: 2, read: 1 });
  expect(await preview()).toEqual(NOTHING);
  expect(await apply()).toMatchObject({ receipts: 0 });

  await age(31);
  expect(await preview()).toEqual({ ...NOTHING, receipts: 2 });
  expect(await apply()).toMatchObject({ receipts: 2 });
  expect(await apply()).toMatchObject({ receipts: 0 });
  expect(await world.count('delivery where delivered_at is not null or read_at is not null')).toBe(0);
  expect(await stats()).toEqual(before);
  expect(await world.count('broadcast where receipts_counted_at is not null')).toBe(1);
  expect(await see(makeApplyRead(world.deps), bob)).toBe(0);
  expect(await stats()).toEqual(before);
});

it('forgets what was done in an account after 30 days, but not why an opt-in mode was chosen', async () => {
  const event = (kind: string, days: number) =>
    world.db.run(
      `insert into audit_event (public_id, account_id, kind, created_at) values (gen_random_uuid(), $1, $2, $3)`,
      [page.accountId, kind, new Date(world.now().getTime() - days * DAY_MS)],
    );
  await event('lead.access', 31);
  await event('lead.access', 29);
  await event('page.opt_in_mode_reason', 400);
  const before = await world.count('audit_event');
  expect(await preview()).toEqual({ ...NOTHING, security_log: 1 });
  expect(await apply()).toMatchObject({ events: 1 });
  expect(await world.count('audit_event')).toBe(before - 1);
  expect(await world.count(`audit_event where kind = 'page.opt_in_mode_reason'`)).toBe(1);
});

it('reaches people and broadcasts behind those that cannot go', async () => {
  const [ann, bob] = [await world.subscribe(page), await world.subscribe(page)];
  for (const person of [ann, bob]) await longAgo(person, '25 months');
  const frozen = async (status: string) => {
    const { broadcastId } = await world.sendTo(page, [ann.id]);
    const old = `frozen_at = now() - interval '40 days'`;
    await world.db.run(`update broadcast set status = $2, ${old} where id = $1`, [broadcastId, status]);
    await world.db.run(`update delivery set post_started_at = now() - interval '40 days' where broadcast_id = $1`, [
      broadcastId,
    ]);
    return () => world.count('broadcast where id = $1 and receipts_counted_at is not null', [broadcastId]);
  };
  await frozen('sending');
  const isCounted = await frozen('completed');
  const { eraseByAge } = deps();
  const applyOne = makeApplyRetention({
    ...deps(),
    mostPerRound: 1,
    eraseByAge: (lead, isOver) =>
      lead.leadUuid === ann.uuid ? Promise.reject(new RangeError('stuck')) : eraseByAge(lead, isOver),
  });
  await expect(applyOne()).rejects.toThrow('stuck');
  expect([await statusOf(bob), await isCounted()]).toEqual(['subscribed', 0]);
  expect(await applyOne()).toMatchObject({ people: 1 });
  expect([await statusOf(bob), await isCounted()]).toEqual(['erasing', 1]);
  await expect(applyOne()).resolves.toMatchObject({ people: 0 });
  await expect(applyOne()).rejects.toThrow('stuck');
});
