import type { SendOutcome } from '../../../../src/domain/delivery/sender.types';
import { makeSendChunk, throttlePage } from '../../../../src/domain/delivery';
import { throttleAllPages } from '../../../../src/domain/delivery/pace.store';
import { accepted, openDeliveryWorld, type DeliveryWorld } from './delivery-world';

let world: DeliveryWorld;
beforeAll(async () => {
  world = await openDeliveryWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  world.sender.calls.length = 0;
  world.sender.answer = accepted;
});

const rejected = (errorClass: string, code = 551): SendOutcome =>
  ({ kind: 'rejected', errorClass, code, subcode: null }) as SendOutcome;

const leadOf = (id: string) =>
  world.db.first<{ status: string; unreachable: boolean; failed: number }>(
    `select status, unreachable_at is not null as unreachable, failed_in_a_row as failed from lead where id = $1`,
    [id],
  );

it('a throttle stops the calls of the Page at once, and it recovers by itself', async () => {
  const page = await world.addPage(5);
  await world.addLeads(page, 5);
  const broadcast = await world.addBroadcast([page]);
  world.sender.answer = () => ({ kind: 'throttled', scope: 'page', code: 613, subcode: null, retryAfterMs: null });
  await world.sendOnce(broadcast, page);
  expect(world.sender.calls).toHaveLength(1);
  expect((await world.rows(broadcast)).map((row) => row.status)).toEqual(Array(5).fill('pending'));
  const told = await world.sendOnce(broadcast, page);
  expect(told.kind).toBe('wait');
  expect((told as { delayMs: number }).delayMs).toBeGreaterThan(55_000);
  expect(world.sender.calls).toHaveLength(1);

  world.sender.answer = accepted;
  await world.db.run(`update page_pace set throttled_until = clock_timestamp() where page_id = $1`, [page.id]);
  await world.sendAll(broadcast, page);
  const rows = await world.rows(broadcast);
  expect(rows.map((row) => row.status)).toEqual(Array(5).fill('accepted'));
  expect(rows.map((row) => row.failures)).toEqual(Array(5).fill(0));
  expect(world.sender.calls).toHaveLength(6);
});

it('a throttle that comes while a chunk waits for its slots is met by the reservation', async () => {
  const page = await world.addPage(5);
  await world.addLeads(page, 3);
  const broadcast = await world.addBroadcast([page]);
  const { logSends } = world.deps;
  const send = {
    ...world.deps,
    logSends: async (...input: Parameters<typeof logSends>) => {
      await throttlePage(world.db, page.id, null);
      return logSends(...input);
    },
  };
  await makeSendChunk(send)(
    { broadcastId: broadcast.uuid, pageId: page.uuid, generation: 1, lane: 0 },
    new AbortController().signal,
  );
  expect(world.sender.calls).toHaveLength(0);
  expect((await world.rows(broadcast)).map((row) => row.status)).toEqual(Array(3).fill('pending'));
});

const throttledFor = async (pageId: string): Promise<number> => {
  const row = await world.db.first<{ seconds: number }>(
    `select extract(epoch from throttled_until - clock_timestamp())::float8 as seconds from page_pace where page_id = $1`,
    [pageId],
  );
  return row!.seconds;
};

it('waits 60 s after the first throttle, doubled up to an hour, or what Meta names', async () => {
  const page = await world.addPage(35);
  const waits: number[] = [];
  for (let level = 0; level < 9; level += 1) {
    await throttlePage(world.db, page.id, null);
    await throttlePage(world.db, page.id, null); // the same burst: does not count again
    waits.push(Math.round(await throttledFor(page.id)));
    await world.db.run(`update page_pace set throttled_until = clock_timestamp() where page_id = $1`, [page.id]);
  }
  expect(waits).toEqual([60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600]);
  await throttlePage(world.db, page.id, 7_000);
  expect(Math.round(await throttledFor(page.id))).toBe(7);
  await throttlePage(world.db, page.id, 20_000);
  expect(Math.round(await throttledFor(page.id))).toBe(20);
  await world.db.run(
    `update page_pace set throttled_until = clock_timestamp() - interval '11 minutes' where page_id = $1`,
    [page.id],
  );
  await throttlePage(world.db, page.id, null);
  expect(Math.round(await throttledFor(page.id))).toBe(60);
});

it('a limit of the whole app stops every Page', async () => {
  const [one, two] = [await world.addPage(35), await world.addPage(35)];
  await throttleAllPages(world.db, 30_000);
  expect(Math.round(await throttledFor(one.id))).toBe(30);
  expect(Math.round(await throttledFor(two.id))).toBe(30);
  await world.db.run(`update page_pace set throttled_until = null`);
});

it('a dead token stops the Page, keeps the rows and blocks its broadcasts; other Pages go on', async () => {
  const [dead, alive] = [await world.addPage(5), await world.addPage(5)];
  const leads = await world.addLeads(dead, 5);
  await world.addLeads(alive, 2);
  const broadcast = await world.addBroadcast([dead, alive]);
  world.sender.answer = (call) =>
    leads.some((lead) => lead.psid === call.psid)
      ? { kind: 'page-stopped', errorClass: 'page-token', code: 190, subcode: 460 }
      : accepted(call);
  await world.sendOnce(broadcast, dead);
  await world.sendAll(broadcast, alive);
  expect(world.sender.calls).toHaveLength(3);
  expect(await world.sendOnce(broadcast, dead)).toEqual({ kind: 'idle' });
  expect(
    await world.db.first('select state, stop_reason, stop_code, stop_subcode from page where id = $1', [dead.id]),
  ).toEqual({ state: 'stopped', stop_reason: 'page_token', stop_code: 190, stop_subcode: 460 });
  expect(
    await world.db.first('select state, blocked_reason from broadcast_page where broadcast_id = $1 and page_id = $2', [
      broadcast.id,
      dead.id,
    ]),
  ).toEqual({ state: 'blocked', blocked_reason: 'page_token' });
  expect((await world.rows(broadcast)).map((row) => row.status)).toEqual([
    ...Array<string>(5).fill('pending'),
    'accepted',
    'accepted',
  ]);
  expect(world.logged.filter((name) => name === 'page.stopped')).toHaveLength(1);
});

it('five refusals of the content in a row block the Page for this broadcast and stop the chunk', async () => {
  const page = await world.addPage(20);
  await world.addLeads(page, 12);
  const broadcast = await world.addBroadcast([page]);
  let answered = 0;
  world.sender.answer = (call) => (answered++ === 0 ? accepted(call) : rejected('request-invalid', 100));
  await world.sendOnce(broadcast, page);
  expect(world.sender.calls).toHaveLength(6);
  const rows = await world.rows(broadcast);
  expect(rows.map((row) => row.status)).toEqual([
    'accepted',
    ...Array<string>(5).fill('rejected'),
    ...Array<string>(6).fill('pending'),
  ]);
  expect(rows[1]!.errorCode).toBe(100);
  expect(
    await world.db.first('select state, blocked_reason from broadcast_page where broadcast_id = $1', [broadcast.id]),
  ).toEqual({ state: 'blocked', blocked_reason: 'content_refused' });
});

it('refusals are counted over chunks, and one accepted message ends the count', async () => {
  const page = await world.addPage(3);
  await world.addLeads(page, 10);
  const broadcast = await world.addBroadcast([page]);
  let answered = 0;
  world.sender.answer = (call) => (answered++ === 3 ? accepted(call) : rejected('request-invalid', 100));
  await world.sendAll(broadcast, page);
  expect(world.sender.calls).toHaveLength(9);
  expect((await world.rows(broadcast)).filter((row) => row.status === 'rejected')).toHaveLength(8);
  const state = await world.db.first<{ state: string }>('select state from broadcast_page where broadcast_id = $1', [
    broadcast.id,
  ]);
  expect(state!.state).toBe('blocked');
});

it('three failures in a row make a lead unreachable; one message that gets through ends the row', async () => {
  const page = await world.addPage(300);
  const [gone, back] = await world.addLeads(page, 2);
  for (let round = 0; round < 3; round += 1) {
    const broadcast = await world.addBroadcast([page]);
    world.sender.answer = (call) =>
      call.psid === back!.psid && round === 1 ? accepted(call) : rejected('recipient-unavailable');
    await world.sendAll(broadcast, page);
    expect(await leadOf(gone!.id)).toMatchObject({ failed: round + 1, unreachable: round === 2 });
  }
  expect(await leadOf(back!.id)).toEqual({ status: 'subscribed', failed: 1, unreachable: false });
  expect(world.sender.calls).toHaveLength(6);
  const next = await world.addBroadcast([page]);
  await world.sendAll(next, page);
  expect((await world.rows(next)).map((row) => row.reason)).toEqual(['unreachable', null]);
});

it('an unknown person is unreachable at once; one who opted out at Meta is withdrawn with the reason', async () => {
  const page = await world.addPage(300);
  const [unknown, left] = await world.addLeads(page, 2);
  const broadcast = await world.addBroadcast([page]);
  const other = await world.addBroadcast([page]);
  world.sender.answer = (call) =>
    rejected(call.psid === unknown!.psid ? 'recipient-unknown' : 'recipient-opted-out', 10);
  await world.sendAll(broadcast, page);
  expect(await leadOf(unknown!.id)).toMatchObject({ unreachable: true });
  expect(await leadOf(left!.id)).toMatchObject({ status: 'unsubscribed' });
  expect((await world.rows(broadcast)).map((row) => row.status)).toEqual(['rejected', 'rejected']);
  expect((await world.rows(other)).map((row) => row.reason ?? row.status)).toEqual(['pending', 'unsubscribed']);
});

it('tries again what may pass, five times, and puts back what never left', async () => {
  const page = await world.addPage(300);
  const [lead] = await world.addLeads(page, 1);
  const broadcast = await world.addBroadcast([page]);
  const now = () =>
    world.db.run('update delivery set due_at = clock_timestamp() where broadcast_id = $1', [broadcast.id]);
  const waits: number[] = [];
  world.sender.answer = () => ({ kind: 'retry-later', code: 2, subcode: null });
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    await world.sendOnce(broadcast, page);
    const [row] = await world.rows(broadcast);
    expect(row).toMatchObject({
      attempt,
      failures: attempt,
      status: attempt === 5 ? 'rejected' : 'pending',
      errorCode: 2,
    });
    if (row!.dueAt !== null) waits.push((row!.dueAt.getTime() - Date.now()) / 60_000);
    await now();
  }
  for (const [place, minutes] of [1, 3, 9, 27].entries()) {
    expect(waits[place]! / minutes).toBeGreaterThan(0.75);
    expect(waits[place]! / minutes).toBeLessThan(1.25);
  }
  const kept = await world.db.rows<{ attempt: number; hasEntry: boolean }>(
    `select g.attempt, exists (select from ledger_sends s where s.entry_id = g.sends_entry) as "hasEntry"
      from logged_send g where g.lead_id = $1 order by g.attempt`,
    [lead!.id],
  );
  expect(kept).toEqual([1, 2, 3, 4].map((attempt) => ({ attempt, hasEntry: true })));

  const second = await world.addBroadcast([page]);
  world.sender.answer = () => ({ kind: 'not-sent', cause: 'ECONNREFUSED' });
  expect(await world.sendOnce(second, page)).toEqual({ kind: 'wait', delayMs: 3_000 });
  expect(await world.rows(second)).toMatchObject([{ status: 'pending', failures: 0, attempt: 1 }]);
});

it('keeps uncertain what nobody knows, and says skipped of a window that closed', async () => {
  const page = await world.addPage(300);
  const [lost] = await world.addLeads(page, 2);
  const broadcast = await world.addBroadcast([page]);
  world.sender.answer = (call) =>
    call.psid === lost!.psid ? { kind: 'uncertain', cause: 'lost' } : rejected('outside-window', 10);
  await world.sendAll(broadcast, page);
  await world.sendAll(broadcast, page);
  expect(world.sender.calls).toHaveLength(2);
  expect(await world.rows(broadcast)).toMatchObject([
    { status: 'uncertain', reason: null, hasMid: false },
    { status: 'skipped', reason: 'window_closed', errorCode: 10 },
  ]);
});
