import { UserError } from '../../../../src/kernel/errors';
import {
  makeCancelBroadcast,
  makeCreateBroadcast,
  makeDeleteBroadcast,
  makeFinishCancelled,
  makeFreezeAudience,
  makeGetBroadcast,
  makeLaunchBroadcast,
  makePauseBroadcast,
  makeResumeBroadcast,
  type BroadcastView,
} from '../../../../src/domain/broadcasts';
import type { RowId } from '../../../../src/domain/sql.types';
import { draft, HOUR_MS, makeBroadcastWorld, START, type BroadcastWorld, type TestPage } from './broadcast-world';

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

const steps = () => ({
  create: (changes: object = {}) => makeCreateBroadcast(world.deps)({ ...draft(page), ...changes }),
  launch: makeLaunchBroadcast(world.deps),
  pause: makePauseBroadcast(world.deps),
  resume: makeResumeBroadcast(world.deps),
  cancel: makeCancelBroadcast(world.deps),
  freeze: makeFreezeAudience(world.deps),
});
const own = (view: BroadcastView) => ({ accountId, broadcastUuid: view.uuid });
const jobNames = () => world.jobs.map(({ job }) => job.name);

async function stateFault(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => new Error('it was accepted'),
    (fault: unknown) => fault,
  );
  if (error instanceof UserError) return `${error.code}: ${error.message}`;
  throw error;
}

test('a launch without a schedule prepares at once, and a second one changes nothing', async () => {
  const { create, launch } = steps();
  const made = await create();
  const launched = await launch(own(made));
  expect(launched).toMatchObject({ status: 'preparing', startAt: START, launchedAt: START });
  expect(world.jobs).toEqual([
    { job: { name: 'freeze-audience', broadcastId: made.uuid, generation: 0 }, options: { delayMs: 0 } },
  ]);
  world.advance(5_000);
  expect(await launch(own(made))).toEqual(launched);
});

test('a launch with a schedule waits for it', async () => {
  const at = new Date(START.getTime() + HOUR_MS);
  const made = await steps().create({ schedule: { at }, launch: true });
  expect(made).toMatchObject({ status: 'scheduled', startAt: at });
  expect(world.jobs).toEqual([]);
});

test('a schedule that passed while it was a draft starts at the launch', async () => {
  const { create, launch } = steps();
  const made = await create({ schedule: { at: new Date(START.getTime() + HOUR_MS) } });
  world.advance(2 * HOUR_MS);
  expect(await launch(own(made))).toMatchObject({
    status: 'preparing',
    startAt: new Date(START.getTime() + 2 * HOUR_MS),
  });
});

test('a start delay moves the freeze, which refuses to run before', async () => {
  const { create, freeze } = steps();
  await world.addLead(page);
  const made = await create({ startDelaySeconds: 30, launch: true });
  expect(world.jobs[0]?.options).toEqual({ delayMs: 30_000 });
  expect(await freeze(made.uuid)).toEqual({ kind: 'not_due', delayMs: 30_000 });
  world.advance(30_000);
  expect(await freeze(made.uuid)).toMatchObject({ kind: 'frozen', audience: 1 });
});

test('a failed launch at creation leaves no draft', async () => {
  await world.db.run(`update page set state = 'disconnected' where id = $1`, [page.id]);
  const before = await world.db.first('select count(*) as n from broadcast');
  await expect(steps().create({ launch: true })).rejects.toMatchObject({ code: 'broadcast_invalid' });
  expect(await world.db.first('select count(*) as n from broadcast')).toEqual(before);
});

test('a Page that was disconnected after the draft was made stops the launch', async () => {
  const { create, launch } = steps();
  const made = await create();
  await world.db.run(`update page set state = 'disconnected' where id = $1`, [page.id]);
  await expect(launch(own(made))).rejects.toMatchObject({ errors: [{ pointer: '/page_ids/0' }] });
});

test('pause and resume lead back to where it stood', async () => {
  const { create, pause, resume, launch, freeze } = steps();
  const at = new Date(START.getTime() + HOUR_MS);
  const scheduled = await create({ schedule: { at }, launch: true });
  expect(await pause(own(scheduled))).toMatchObject({ status: 'paused', statusBeforePause: 'scheduled' });
  expect(await pause(own(scheduled))).toMatchObject({ status: 'paused', statusBeforePause: 'scheduled' });
  expect(await resume(own(scheduled))).toMatchObject({ status: 'scheduled', startAt: at, statusBeforePause: null });

  await pause(own(scheduled));
  world.advance(2 * HOUR_MS);
  expect(await resume(own(scheduled))).toMatchObject({
    status: 'preparing',
    startAt: new Date(at.getTime() + HOUR_MS),
  });

  await world.addLead(page);
  const sending = await create({ launch: true });
  await pause(own(sending));
  expect(await freeze(sending.uuid)).toEqual({ kind: 'nothing_to_do' });
  expect(await resume(own(sending))).toMatchObject({ status: 'preparing' });
  await freeze(sending.uuid);
  expect(await pause(own(sending))).toMatchObject({ status: 'paused', statusBeforePause: 'sending' });
  world.jobs.length = 0;
  expect(await resume(own(sending))).toMatchObject({ status: 'sending' });
  expect(world.jobs.map(({ job }) => job)).toEqual(
    [0, 1].map((lane) => ({
      name: 'send-chunk',
      broadcastId: sending.uuid,
      pageId: page.uuid,
      generation: 2,
      lane,
      turn: 0,
    })),
  );
  expect(await resume(own(sending))).toMatchObject({ status: 'sending' });
  expect(
    await stateFault(launch(own(await create())).then(() => pause(own(scheduled)).then(() => launch(own(scheduled))))),
  ).toContain('broadcast_state');
});

test('the wrong state is answered with the right ones', async () => {
  const { create, pause, resume, cancel, launch } = steps();
  const made = await create();
  expect(await stateFault(pause(own(made)))).toBe(
    'broadcast_state: this broadcast does not allow pause now: it is draft, and must be one of scheduled, preparing, sending, paused, holding',
  );
  expect(await stateFault(resume(own(made)))).toContain('broadcast_state');
  expect(await stateFault(cancel(own(made)))).toContain('broadcast_state');
  await launch(own(made));
  await cancel(own(made));
  for (const step of [launch, pause, resume]) expect(await stateFault(step(own(made)))).toContain('it is cancelled');
  expect(await cancel(own(made))).toMatchObject({ status: 'cancelled' });
});

test('a cancel skips what is pending, leaves what is on its way, and adds up', async () => {
  const { create, cancel, freeze } = steps();
  for (let each = 0; each < 5; each += 1) await world.addLead(page);
  const made = await create({ launch: true });
  await freeze(made.uuid);
  await world.db.run(
    `update delivery set status = case seq when 1 then 'sending' else 'accepted' end
      where seq <= 2 and broadcast_id = (select id from broadcast where public_id = $1)`,
    [made.uuid],
  );
  const cancelled = await cancel(own(made));
  expect(cancelled).toMatchObject({ status: 'cancelled', cancelledAt: START });
  expect(cancelled.stats).toMatchObject({
    audience: 5,
    pending: 0,
    sending: 1,
    accepted: 1,
    skipped: { cancelled: 3 },
  });
  expect(cancelled.pages).toMatchObject([{ state: 'done' }]);
  await expect(makeDeleteBroadcast(world.deps)(own(made))).rejects.toMatchObject({ code: 'broadcast_state' });
});

test('a cancelled broadcast that was never frozen can be deleted', async () => {
  const { create, cancel } = steps();
  const made = await create({ launch: true });
  await cancel(own(made));
  await makeDeleteBroadcast(world.deps)(own(made));
  await expect(makeGetBroadcast(world.deps)(own(made))).rejects.toMatchObject({ code: 'broadcast_not_found' });
});

test('a cancel leaves rows that others hold, and the sweeper skips them afterwards', async () => {
  const { create, cancel, freeze } = steps();
  await world.addLeads(page, 3);
  const made = await create({ launch: true });
  await freeze(made.uuid);
  const cancelled = await world.db.transaction(async (tx) => {
    await tx.run(
      `select from delivery where seq = 2 and broadcast_id = (select id from broadcast where public_id = $1) for update`,
      [made.uuid],
    );
    return cancel(own(made));
  });
  expect(cancelled.stats).toMatchObject({ pending: 1, skipped: { cancelled: 2 } });
  expect(await makeFinishCancelled(world.deps)()).toBe(1);
  expect((await makeGetBroadcast(world.deps)(own(made))).stats).toMatchObject({
    pending: 0,
    skipped: { cancelled: 3 },
  });
  expect(await makeFinishCancelled(world.deps)()).toBe(0);
});

test('nobody moves a broadcast of another account', async () => {
  const { create, launch, pause, resume, cancel } = steps();
  const made = await create();
  const stranger = { accountId: await world.addAccount(), broadcastUuid: made.uuid };
  for (const step of [launch, pause, resume, cancel])
    expect(await stateFault(step(stranger))).toContain('broadcast_not_found');
  expect(await makeGetBroadcast(world.deps)(own(made))).toMatchObject({ status: 'draft' });
  expect(jobNames()).toEqual([]);
});
