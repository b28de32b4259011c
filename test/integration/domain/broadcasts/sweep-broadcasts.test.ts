import {
  blockBroadcastsOfPage,
  blockPage,
  makeCompleteFinished,
  makeCreateBroadcast,
  makeFreezeAudience,
  makeGetBroadcast,
  makeLaunchBroadcast,
  makePauseBroadcast,
  makeReopenPages,
  makeRequeueIdlePages,
  makeRequeuePreparing,
  makeResumeBroadcast,
  makeStartDue,
  reopenBroadcast,
  type BroadcastView,
} from '../../../../src/domain/broadcasts';
import type { RowId } from '../../../../src/domain/sql.types';
import { draft, HOUR_MS, makeBroadcastWorld, START, type BroadcastWorld, type TestPage } from './broadcast-world';

const MINUTE_MS = 60_000;
let world: BroadcastWorld;
let accountId: RowId;
let page: TestPage;
let other: TestPage;
beforeAll(async () => {
  world = await makeBroadcastWorld();
});
beforeEach(async () => {
  world.setNow(START);
  await world.db.run('delete from broadcast');
  await world.db.run('delete from delivery');
  accountId = await world.addAccount();
  page = await world.addPage(accountId);
  other = await world.addPage(accountId);
  world.jobs.length = 0;
});
afterAll(() => world.close());

const create = (changes: object = {}) => makeCreateBroadcast(world.deps)({ ...draft(page), ...changes });
const own = (view: BroadcastView) => ({ accountId, broadcastUuid: view.uuid });
const read = (view: BroadcastView) => makeGetBroadcast(world.deps)(own(view));
const sql = (text: string, ...values: unknown[]) => world.db.run(text, values);
const complete = () => makeCompleteFinished(world.deps)();

async function frozen(pages: readonly TestPage[] = [page], leadsEach = 2): Promise<BroadcastView & { id: RowId }> {
  for (const each of pages) await world.addLeads(each, leadsEach);
  const made = await create({ pageIds: pages.map((each) => each.uuid), launch: true });
  await makeFreezeAudience(world.deps)(made.uuid);
  const row = await world.db.first<{ id: RowId }>('select id from broadcast where public_id = $1', [made.uuid]);
  world.jobs.length = 0;
  return { ...made, id: row!.id };
}

test('a schedule starts when its time has come, and not before', async () => {
  const at = new Date(START.getTime() + HOUR_MS);
  const made = await create({ schedule: { at }, launch: true });
  world.setNow(new Date(at.getTime() - 1));
  expect(await makeStartDue(world.deps)()).toEqual({ started: 0, late: 0 });
  expect((await read(made)).status).toBe('scheduled');
  world.setNow(at);
  expect(await makeStartDue(world.deps)()).toEqual({ started: 1, late: 0 });
  expect((await read(made)).status).toBe('preparing');
  expect(world.jobs.map(({ job }) => job)).toEqual([
    { name: 'freeze-audience', broadcastId: made.uuid, generation: 0 },
  ]);
  expect(await makeStartDue(world.deps)()).toEqual({ started: 0, late: 0 });
});

test('a schedule found more than 15 minutes late asks, and a launch or a resume starts it', async () => {
  const at = new Date(START.getTime() + HOUR_MS);
  const three = [];
  for (let each = 0; each < 3; each += 1) three.push(await create({ schedule: { at }, launch: true }));
  const [byLaunch, byResume, left] = three as [BroadcastView, BroadcastView, BroadcastView];
  world.setNow(new Date(at.getTime() + 15 * MINUTE_MS + 1));
  expect(await makeStartDue(world.deps)()).toEqual({ started: 0, late: 3 });
  expect(world.jobs).toEqual([]);
  expect(await read(left)).toMatchObject({ status: 'blocked', blockedReason: 'late_start' });
  world.advance(HOUR_MS);
  expect(await makeLaunchBroadcast(world.deps)(own(byLaunch))).toMatchObject({
    status: 'preparing',
    blockedReason: null,
  });
  expect(await makeResumeBroadcast(world.deps)(own(byResume))).toMatchObject({ status: 'preparing' });
  expect(await makeFreezeAudience(world.deps)(byLaunch.uuid)).toMatchObject({ kind: 'frozen' });
  expect((await read(left)).status).toBe('blocked');
});

test('a lost freeze is asked for again', async () => {
  const made = await create({ launch: true });
  const waiting = await create({ launch: true, startDelaySeconds: 60 });
  world.jobs.length = 0;
  expect(await makeRequeuePreparing(world.deps)()).toBe(0);
  world.advance(5_000);
  expect(await makeRequeuePreparing(world.deps)()).toBe(1);
  expect(world.jobs.map(({ job }) => job)).toMatchObject([{ name: 'freeze-audience', broadcastId: made.uuid }]);
  world.advance(60_000);
  expect(await makeRequeuePreparing(world.deps)()).toBe(2);
  expect((await read(waiting)).status).toBe('preparing');
});

test.each(['pending', 'sending', 'held'])('with a row that is %s nothing is finished', async (status) => {
  const made = await frozen();
  await sql(`update delivery set status = 'accepted' where broadcast_id = $1 and seq = 1`, made.id);
  await sql(`update delivery set status = $2 where broadcast_id = $1 and seq = 2`, made.id, status);
  expect(await complete()).toEqual({ completed: 0, blocked: 0 });
  expect((await read(made)).status).toBe('sending');
  await sql(`update delivery set status = 'uncertain' where broadcast_id = $1 and seq = 2`, made.id);
  world.advance(1_000);
  expect(await complete()).toEqual({ completed: 1, blocked: 0 });
  expect(await read(made)).toMatchObject({ status: 'completed', completedAt: new Date(START.getTime() + 1_000) });
  expect(await complete()).toEqual({ completed: 0, blocked: 0 });
});

test('each Page is done by itself', async () => {
  const made = await frozen([page, other]);
  await sql(`update delivery set status = 'accepted' where broadcast_id = $1 and page_id = $2`, made.id, page.id);
  await complete();
  expect(await read(made)).toMatchObject({ status: 'sending', pages: [{ state: 'done' }, { state: 'open' }] });
});

test('a row that goes back to pending opens a completed broadcast again', async () => {
  const made = await frozen();
  await sql(`update delivery set status = 'uncertain' where broadcast_id = $1`, made.id);
  await complete();
  const isOpen = await world.db.transaction(async (tx) => {
    await tx.run(`update delivery set status = 'pending' where broadcast_id = $1 and seq = 1`, [made.id]);
    return reopenBroadcast(tx, { broadcastId: made.id, pageId: page.id }, START);
  });
  expect(isOpen).toBe(true);
  expect(await read(made)).toMatchObject({ status: 'sending', completedAt: null, pages: [{ state: 'open' }] });
  expect(await complete()).toEqual({ completed: 0, blocked: 0 });
  await sql(`update broadcast set status = 'cancelled' where id = $1`, made.id);
  const reopened = await world.db.transaction((tx) =>
    reopenBroadcast(tx, { broadcastId: made.id, pageId: page.id }, START),
  );
  expect(reopened).toBe(false);
});

test('a broadcast cannot be completed past a row that is on its way back to pending', async () => {
  const made = await frozen();
  await sql(`update delivery set status = 'uncertain' where broadcast_id = $1`, made.id);
  let sweeping: Promise<{ completed: number }> | undefined;
  await world.db.transaction(async (tx) => {
    await reopenBroadcast(tx, { broadcastId: made.id, pageId: page.id }, START);
    sweeping = complete();
    for (;;) {
      const waiting = await world.db.first(
        `select 1 as yes from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())
         union all select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
      );
      if (waiting !== undefined) break;
    }
    await tx.run(`update delivery set status = 'pending' where broadcast_id = $1 and seq = 1`, [made.id]);
  });
  expect(await sweeping).toMatchObject({ completed: 0 });
  expect((await read(made)).status).toBe('sending');
});

test('a blocked Page leaves the others sending; the last one blocks the broadcast', async () => {
  const made = await frozen([page, other]);
  const block = (of: TestPage) =>
    world.db.transaction((tx) => blockPage(tx, { broadcastId: made.id, pageId: of.id }, 'page-policy', START));
  await block(page);
  expect(await read(made)).toMatchObject({
    status: 'sending',
    pages: [{ state: 'blocked', blockedReason: 'page-policy' }, { state: 'open' }],
  });
  await block(other);
  expect(await read(made)).toMatchObject({ status: 'blocked', blockedReason: 'page-policy' });
});

test('when the other Pages are done, a blocked one blocks the broadcast', async () => {
  const made = await frozen([page, other]);
  await world.db.transaction((tx) => blockPage(tx, { broadcastId: made.id, pageId: page.id }, 'page-token', START));
  await sql(`update delivery set status = 'accepted' where broadcast_id = $1 and page_id = $2`, made.id, other.id);
  expect(await complete()).toEqual({ completed: 0, blocked: 1 });
  expect(await read(made)).toMatchObject({ status: 'blocked', pages: [{ state: 'blocked' }, { state: 'done' }] });
});

test('a Page that stops blocks all its broadcasts, and lets them go on when it is active again', async () => {
  const running = await frozen([page, other]);
  const single = await frozen();
  const paused = await frozen();
  await makePauseBroadcast(world.deps)(own(paused));
  await world.db.transaction(async (tx) => {
    await tx.run(`update page set state = 'stopped', stop_reason = 'page-token' where id = $1`, [page.id]);
    await blockBroadcastsOfPage(tx, page.id, 'page-token', START);
  });
  expect((await read(running)).status).toBe('sending');
  expect((await read(single)).status).toBe('blocked');
  expect(await read(paused)).toMatchObject({ status: 'paused', pages: [{ state: 'blocked' }] });
  await expect(makeResumeBroadcast(world.deps)(own(single))).rejects.toMatchObject({ code: 'broadcast_blocked' });
  await expect(makeResumeBroadcast(world.deps)(own(paused))).rejects.toMatchObject({ code: 'broadcast_blocked' });
  world.jobs.length = 0;

  await sql(`update page set state = 'active', stop_reason = null where id = $1`, page.id);
  expect(await makeReopenPages(world.deps)(page.id)).toBe(2);
  expect(await read(single)).toMatchObject({ status: 'sending', blockedReason: null, pages: [{ state: 'open' }] });
  expect(await read(paused)).toMatchObject({ status: 'paused', pages: [{ state: 'open', blockedReason: null }] });
  const pages = world.jobs.map(({ job }) => job).filter((job) => job.name === 'send-chunk');
  expect(pages.filter((job) => job.pageId === page.uuid).map((job) => [job.broadcastId, job.generation])).toEqual([
    [running.uuid, 2],
    [running.uuid, 2],
    [single.uuid, 2],
    [single.uuid, 2],
  ]);
  expect(await makeReopenPages(world.deps)(page.id)).toBe(0);
});

test('a Page that stands still with something due is started anew', async () => {
  const made = await frozen([page, other]);
  const requeue = makeRequeueIdlePages(world.deps);
  expect(await requeue()).toBe(0);
  world.advance(15_000);
  await sql(
    'update broadcast_page set last_claim_at = $2 where page_id = $1',
    other.id,
    new Date(START.getTime() + 14_000),
  );
  expect(await requeue()).toBe(1);
  expect(world.jobs.map(({ job }) => job)).toMatchObject(
    [0, 1].map((lane) => ({ broadcastId: made.uuid, pageId: page.uuid, generation: 2, lane })),
  );
  expect(await requeue()).toBe(0);
  world.advance(15_000);
  await sql(
    `insert into page_pace (page_id, next_free_at, throttled_until) values ($1, $2, $3)`,
    page.id,
    START,
    new Date(START.getTime() + HOUR_MS),
  );
  await sql(`update delivery set status = 'accepted' where page_id = $1`, other.id);
  expect(await requeue()).toBe(0);
});
