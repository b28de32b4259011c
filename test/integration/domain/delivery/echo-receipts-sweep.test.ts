import {
  makeApplyDelivered,
  makeApplyRead,
  makeReconcileEcho,
  makeRequeueReplies,
  makeReturnUncertain,
  makeSettleStuck,
  skipPendingOfLead,
} from '../../../../src/domain/delivery';
import { makeClaimChunk } from '../../../../src/domain/delivery/claim-chunk';
import type { Job } from '../../../../src/jobs';
import { openField } from '../../../../src/kernel/crypto/field-cipher';
import {
  accepted,
  openDeliveryWorld,
  type DeliveryWorld,
  type WorldBroadcast,
  type WorldLead,
  type WorldPage,
} from './delivery-world';

let world: DeliveryWorld;
const jobs: Job[] = [];
beforeAll(async () => {
  world = await openDeliveryWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  world.sender.calls.length = 0;
  world.sender.answer = accepted;
});

const sweepDeps = () => ({
  ...world.deps,
  queue: {
    enqueue: (job: Job) => {
      jobs.push(job);
      return Promise.resolve();
    },
  },
});

/** Sees an echo as the inbox does: in a transaction that has locked the lead. */
const echo = (lead: WorldLead, metadata: string, mid: string) =>
  world.db.transaction(async (tx) => {
    await tx.run('select from lead where id = $1 for update', [lead.id]);
    return makeReconcileEcho(world.append)(tx, { leadId: lead.id, metadata, mid });
  });

const die = async (page: WorldPage, broadcast: WorldBroadcast) => {
  const claimed = await makeClaimChunk(world.deps)({
    generation: 1,
    broadcast: { ...broadcast, contentSha256: Buffer.alloc(32) },
    page,
    limit: 50,
  });
  if (claimed.kind !== 'claimed') throw new Error('nothing was claimed');
  return claimed.rows;
};

const age = (broadcast: WorldBroadcast, seconds: number) =>
  world.db.run(
    `update delivery set claimed_at = clock_timestamp() - make_interval(secs => $2) where broadcast_id = $1`,
    [broadcast.id, seconds],
  );

const aDate = expect.any(Date) as Date;

const midOf = async (lead: WorldLead, uuid: string) => {
  const row = await world.db.first<{ mid: Buffer }>('select mid_ct as mid from delivery where public_id = $1', [uuid]);
  return openField(lead.dek, { table: 'delivery', column: 'mid_ct', row: uuid }, row!.mid).toString();
};

it('an echo that comes before the answer is recorded once, and the record leaves it alone', async () => {
  const page = await world.addPage(300);
  const [lead] = await world.addLeads(page, 1);
  const broadcast = await world.addBroadcast([page]);
  world.sender.answer = async (call) => {
    expect(await echo(lead!, `assent:v1:d:${call.uuid}:1`, 'm_of_the_echo')).toBe(true);
    return accepted(call);
  };
  await world.sendAll(broadcast, page);
  const [row] = await world.rows(broadcast);
  expect(row).toMatchObject({ status: 'accepted', attempt: 1, hasMid: true });
  expect(await midOf(lead!, row!.uuid!)).toBe('m_of_the_echo');
  expect(await echo(lead!, `assent:v1:d:${row!.uuid!}:1`, 'm_again')).toBe(false);
  expect(await midOf(lead!, row!.uuid!)).toBe('m_of_the_echo');
});

it('tells when a POST started only when it knows: not by the echo alone, exactly by a record that comes after it', async () => {
  const page = await world.addPage(300);
  const [lead] = await world.addLeads(page, 1);
  const broadcast = await world.addBroadcast([page]);
  const startOf = async () =>
    (await world.db.first<{ at: Date | null; claimed: Date }>(
      'select post_started_at as at, claimed_at as claimed from delivery where broadcast_id = $1',
      [broadcast.id],
    ))!;
  world.sender.answer = async (call) => {
    await echo(lead!, `assent:v1:d:${call.uuid}:1`, 'm_of_the_echo');
    expect((await startOf()).at).toBeNull();
    return accepted(call);
  };
  await world.sendAll(broadcast, page);
  expect((await startOf()).at).toEqual(aDate);
});

it('an echo stands against a lost answer', async () => {
  const page = await world.addPage(300);
  const [lead] = await world.addLeads(page, 1);
  const broadcast = await world.addBroadcast([page]);
  world.sender.answer = async (call) => {
    await echo(lead!, `assent:v1:d:${call.uuid}:1`, 'm_of_the_echo');
    return { kind: 'uncertain', cause: 'lost' };
  };
  await world.sendAll(broadcast, page);
  expect(await world.rows(broadcast)).toMatchObject([{ status: 'accepted' }]);
});

it('a dead process leaves its rows uncertain after 25 s, never sends them again, and an echo resolves them', async () => {
  const page = await world.addPage(300);
  const [first, second] = await world.addLeads(page, 2);
  const broadcast = await world.addBroadcast([page]);
  const rows = await die(page, broadcast);
  await age(broadcast, 24);
  await makeSettleStuck(sweepDeps())();
  expect((await world.rows(broadcast)).map((row) => row.status)).toEqual(['sending', 'sending']);
  await age(broadcast, 26);
  expect(await makeSettleStuck(sweepDeps())()).toBe(2);
  await world.sendAll(broadcast, page);
  expect(world.sender.calls).toHaveLength(0);
  await echo(first!, `assent:v1:d:${rows[0]!.uuid}:1`, 'm_1');
  expect((await world.rows(broadcast)).map((row) => row.status)).toEqual(['accepted', 'uncertain']);
  // Somebody else's thread proves nothing about this row.
  expect(await echo(first!, `assent:v1:d:${rows[1]!.uuid}:1`, 'm_2')).toBe(false);
  expect(await echo(second!, `assent:v1:d:${rows[1]!.uuid}:2`, 'm_2')).toBe(false);
});

it('an echo accepts a row that had gone back to pending, so that nobody gets it twice', async () => {
  const page = await world.addPage(300);
  const [lead] = await world.addLeads(page, 1);
  const broadcast = await world.addBroadcast([page]);
  world.sender.answer = () => ({ kind: 'not-sent', cause: 'ECONNRESET' });
  await world.sendOnce(broadcast, page);
  const [row] = await world.rows(broadcast);
  expect(row).toMatchObject({ status: 'pending', attempt: 1 });
  expect(await echo(lead!, `assent:v1:d:${row!.uuid!}:1`, 'm_1')).toBe(true);
  await world.sendAll(broadcast, page);
  expect(world.sender.calls).toHaveLength(1);
  expect(await world.rows(broadcast)).toMatchObject([{ status: 'accepted', attempt: 1, dueAt: null }]);
});

it('marks what was sent up to the watermark, also while the answer is still out, and nothing sent later', async () => {
  const page = await world.addPage(300);
  const [lead] = await world.addLeads(page, 1);
  const [one, two] = [await world.addBroadcast([page]), await world.addBroadcast([page])];
  const receipt = (apply: ReturnType<typeof makeApplyRead>, watermarkMs: number | null, mids: string[] = []) =>
    world.db.transaction((tx) => apply(tx, { leadId: lead!.id, watermarkMs, mids }));
  const [delivered, read] = [makeApplyDelivered(world.deps), makeApplyRead(world.deps)];
  world.sender.answer = async (call) => {
    await receipt(delivered, Date.now() + 1);
    return accepted(call);
  };
  await world.sendAll(one, page);
  world.sender.answer = accepted;
  const between = Date.now() + 1;
  await new Promise((resolve) => setTimeout(resolve, 5));
  await world.sendAll(two, page);
  expect(await world.rows(one)).toMatchObject([{ deliveredAt: aDate, readAt: null }]);
  expect(await receipt(read, between)).toBe(1);
  expect(await receipt(read, between)).toBe(0);
  expect(await world.rows(one)).toMatchObject([{ readAt: aDate }]);
  const [row] = await world.rows(two);
  expect(row).toMatchObject({ status: 'accepted', deliveredAt: null, readAt: null });
  expect(await receipt(delivered, null, ['m_of_somebody'])).toBe(0);
  expect(await receipt(delivered, null, [`m_${row!.uuid}_1`])).toBe(1);
  expect(await receipt(read, Date.now() + 1)).toBe(1);
});

it('forgets a receipt noted before the POST started', async () => {
  const page = await world.addPage(300);
  const [lead] = await world.addLeads(page, 1);
  const broadcast = await world.addBroadcast([page]);
  const { logSends } = world.deps;
  world.sender.connect = async () => {
    await world.db.transaction((tx) =>
      makeApplyDelivered(world.deps)(tx, { leadId: lead!.id, watermarkMs: Date.now(), mids: [] }),
    );
    expect(await world.rows(broadcast)).toMatchObject([{ status: 'sending', deliveredAt: aDate }]);
    await new Promise((resolve) => setTimeout(resolve, 3));
  };
  await world.sendAll(broadcast, page);
  world.sender.connect = () => null;
  expect(logSends).toBeDefined();
  expect(await world.rows(broadcast)).toMatchObject([{ status: 'accepted', deliveredAt: null }]);
});

it('skips what waits for a lead, and only that', async () => {
  const page = await world.addPage(300);
  const [lead, other] = await world.addLeads(page, 2);
  const broadcasts = [await world.addBroadcast([page]), await world.addBroadcast([page])];
  await world.sendAll(broadcasts[0]!, page);
  const skipped = await world.db.transaction((tx) => skipPendingOfLead(tx, lead!.id, 'unsubscribed'));
  expect(skipped).toBe(1);
  expect((await world.rows(broadcasts[0]!)).map((row) => row.status)).toEqual(['accepted', 'accepted']);
  expect((await world.rows(broadcasts[1]!)).map((row) => [row.leadId, row.reason])).toEqual([
    [lead!.id, 'unsubscribed'],
    [other!.id, null],
  ]);
});

it('an uncertain message known not to have arrived opens a completed broadcast again and is sent', async () => {
  const page = await world.addPage(300);
  await world.addLeads(page, 1);
  const broadcast = await world.addBroadcast([page]);
  world.sender.answer = () => ({ kind: 'uncertain', cause: 'lost' });
  await world.sendAll(broadcast, page);
  await world.db.run(`update broadcast set status = 'completed', completed_at = now() where id = $1`, [broadcast.id]);
  await world.db.run(`update broadcast_page set state = 'done' where broadcast_id = $1`, [broadcast.id]);
  const back = makeReturnUncertain(world.deps);
  expect(await back({ broadcastId: broadcast.id, seq: 1 })).toBe(true);
  expect(await back({ broadcastId: broadcast.id, seq: 1 })).toBe(false);
  const state = await world.db.first<{ status: string; generation: number }>(
    `select b.status, bp.generation from broadcast b join broadcast_page bp on bp.broadcast_id = b.id where b.id = $1`,
    [broadcast.id],
  );
  expect(state!.status).toBe('sending');
  await world.db.run(`update broadcast_page set generation = 1 where broadcast_id = $1`, [broadcast.id]);
  world.sender.answer = accepted;
  await world.sendAll(broadcast, page);
  expect(await world.rows(broadcast)).toMatchObject([{ status: 'accepted', attempt: 2 }]);
});

it('asks again for replies that nobody sends, and only on Pages that may', async () => {
  const [waiting, fresh, throttled] = [await world.addPage(), await world.addPage(), await world.addPage()];
  for (const [page, seconds] of [
    [waiting, 3],
    [fresh, 0],
    [throttled, 3],
  ] as const) {
    const [lead] = await world.addLeads(page, 1);
    await world.db.run(
      `insert into reply (public_id, page_id, lead_id, kind, cause, language, status, due_at, created_at)
       values (gen_random_uuid(), $1, $2, 'ask_subscribe', gen_random_uuid(), 'en', 'pending',
         clock_timestamp() - make_interval(secs => $3), now())`,
      [page.id, lead!.id, seconds],
    );
  }
  await world.db.run(`update page_pace set throttled_until = now() + interval '1 minute' where page_id = $1`, [
    throttled.id,
  ]);
  jobs.length = 0;
  expect(await makeRequeueReplies(sweepDeps())()).toBe(1);
  expect(jobs).toMatchObject([{ name: 'send-replies', pageId: waiting.uuid }]);
});
