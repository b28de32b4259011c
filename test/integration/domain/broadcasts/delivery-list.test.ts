import {
  makeCreateBroadcast,
  makeExportDeliveries,
  makeFreezeAudience,
  makeListDeliveries,
  makeTestBroadcast,
  type QueueTestReply,
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
let stranger: TestPage;
beforeAll(async () => {
  world = await makeBroadcastWorld();
  page = await world.addPage(await world.addAccount());
  stranger = await world.addPage(await world.addAccount());
});
afterAll(() => world.close());

async function frozen(): Promise<{ accountId: string; broadcastUuid: string }> {
  const made = await makeCreateBroadcast(world.deps)({ ...draft(page), launch: true });
  await makeFreezeAudience(world.deps)(made.uuid);
  return { accountId: page.accountId, broadcastUuid: made.uuid };
}

test('deliveries are listed in parts and by what became of them', async () => {
  const leads: TestLead[] = [];
  for (let each = 0; each < 3; each += 1) leads.push(await world.addLead(page));
  await world.addLead(page, { status: 'unsubscribed' });
  await world.addLead(page, { unreachable_at: START });
  const own = await frozen();
  const list = makeListDeliveries(world.deps);
  const first = await list({ ...own, limit: 3 });
  expect(first.items.map((row) => [row.seq, row.leadUuid, row.status])).toEqual(
    leads.map((lead, place) => [place + 1, lead.uuid, 'pending']),
  );
  expect(first.items[0]).toMatchObject({ uuid: null, path: 'standard', basis: 'consent', metaPageId: page.metaPageId });
  expect(first.items[0]?.consentEntry).toMatch(/^[0-9a-f-]{36}$/);
  expect(first.next).toBe(3);
  const second = await list({ ...own, limit: 3, after: first.next });
  expect(second.items.map((row) => row.reason)).toEqual(['unsubscribed', 'unreachable']);
  expect(second.next).toBeNull();
  const skipped = await list({ ...own, limit: 50, status: 'skipped', reason: 'unreachable' });
  expect(skipped.items.map((row) => row.seq)).toEqual([5]);
  expect((await list({ ...own, limit: 50, status: 'accepted' })).items).toEqual([]);
  const foreign = { accountId: stranger.accountId, broadcastUuid: own.broadcastUuid };
  await expect(list({ ...foreign, limit: 1 })).rejects.toMatchObject({ code: 'broadcast_not_found' });
  await expect(makeExportDeliveries(world.deps)(foreign)).rejects.toMatchObject({ code: 'broadcast_not_found' });
});

test('the CSV holds every delivery, in batches', async () => {
  await world.addLeads(page, 2_500);
  const own = await frozen();
  const parts: string[] = [];
  for await (const part of await makeExportDeliveries(world.deps)(own)) parts.push(part);
  const lines = parts.join('').split('\r\n');
  expect(lines.pop()).toBe('');
  expect(lines[0]).toMatch(/^seq,delivery_id,page_id,lead_id,status,reason,/);
  expect(lines).toHaveLength(1 + 2_505);
  expect(lines.slice(1).map((line) => Number(line.split(',')[0]))).toEqual(
    Array.from({ length: 2_505 }, (_, n) => n + 1),
  );
  expect(new Set(lines.map((line) => line.split(',').length)).size).toBe(1);
  expect(Math.max(...parts.map((part) => part.split('\r\n').length))).toBeLessThanOrEqual(1_001);
  const skipped: string[] = [];
  for await (const part of await makeExportDeliveries(world.deps)({ ...own, status: 'skipped' })) skipped.push(part);
  expect(skipped.join('').split('\r\n')).toHaveLength(1 + 2 + 1);
});

const queueReply: QueueTestReply = async (tx, reply) =>
  (await tx.run(
    `insert into reply (public_id, page_id, lead_id, kind, cause, broadcast_id, language, status, due_at, created_at)
     values (gen_random_uuid(), $1, $2, $3, $4, $5, $6, 'pending', $7, $7)
     on conflict on constraint reply_cause_key do nothing`,
    [reply.page.id, reply.lead.id, reply.kind, reply.cause, reply.broadcastId, reply.language, world.deps.clock.now()],
  )) === 1;

test('a test goes to leads whose window is open, and again after a minute', async () => {
  const own = await frozen();
  const send = makeTestBroadcast({ ...world.deps, queueReply });
  const [ann, ben] = [await world.addLead(page, { locale: 'de_AT' }), await world.addLead(page)];
  world.jobs.length = 0;
  expect(await send({ ...own, leadIds: [ann.uuid, ben.uuid] })).toEqual({ queued: [ann.uuid, ben.uuid], limit: null });
  world.advance(60_000);
  await send({ ...own, leadIds: [ann.uuid] });
  const rows = await world.db.rows(
    `select r.lead_id as lead, r.kind, r.language from reply r join broadcast b on b.id = r.broadcast_id
      where b.public_id = $1 order by r.id`,
    [own.broadcastUuid],
  );
  expect(rows).toEqual([
    { lead: ann.id, kind: 'test', language: 'de_AT' },
    { lead: ben.id, kind: 'test', language: 'en' },
    { lead: ann.id, kind: 'test', language: 'de_AT' },
  ]);
  expect(world.jobs.map(({ job, options }) => [job.name, options?.urgent])).toEqual([
    ['send-replies', true],
    ['send-replies', true],
  ]);
});

test('a test goes to a lead once a minute, however often it is asked for at once', async () => {
  const own = await frozen();
  const send = makeTestBroadcast({ ...world.deps, queueReply });
  const [ann, ben] = [await world.addLead(page), await world.addLead(page)];
  const answers = await Promise.all(Array.from({ length: 12 }, () => send({ ...own, leadIds: [ann.uuid] })));
  expect(answers.filter(({ queued }) => queued.length === 1)).toHaveLength(1);
  const refused = answers.filter(({ limit }) => limit !== null);
  expect(refused).toHaveLength(11);
  const retryAfterSeconds = 60 - (world.deps.clock.now().getUTCSeconds() % 60);
  expect(refused[0]).toEqual({ queued: [], limit: { per: 'minute', retryAfterSeconds } });
  expect(await send({ ...own, leadIds: [ann.uuid, ben.uuid] })).toEqual({ queued: [ben.uuid], limit: null });
  const other = await frozen();
  expect(await send({ ...other, leadIds: [ann.uuid] })).toEqual({ queued: [ann.uuid], limit: null });
  const rows = await world.db.rows('select 1 from reply where lead_id = any($1::bigint[])', [[ann.id, ben.id]]);
  expect(rows).toHaveLength(3);
});

test('an account tests on a few leads a day, also when it asks for many at once', async () => {
  await world.db.run('delete from reply');
  const own = await frozen();
  const send = makeTestBroadcast({ ...world.deps, queueReply });
  const leads: string[] = [];
  for (let n = 0; n < 25; n += 1) leads.push((await world.addLead(page)).uuid);
  const answers = await Promise.all([0, 5, 10, 15, 20].map((n) => send({ ...own, leadIds: leads.slice(n, n + 5) })));
  expect(answers.filter(({ limit }) => limit === null)).toHaveLength(4);
  expect(answers.find(({ limit }) => limit !== null)).toEqual({
    queued: [],
    limit: { per: 'day', retryAfterSeconds: 86_400 },
  });
  const tested = answers.flatMap(({ queued }) => queued);
  expect(tested).toHaveLength(20);
  world.advance(60_000);
  expect(await send({ ...own, leadIds: tested.slice(0, 2) })).toEqual({ queued: tested.slice(0, 2), limit: null });
  const left = leads.filter((uuid) => !tested.includes(uuid));
  expect((await send({ ...own, leadIds: left })).limit).toEqual({ per: 'day', retryAfterSeconds: 86_340 });
  world.advance(86_400_000 - 60_000);
  await world.db.run('update lead set last_inbound_at = $1', [world.deps.clock.now()]);
  expect(await send({ ...own, leadIds: left })).toEqual({ queued: left, limit: null });
});

test('a test that not everybody may get goes to nobody and says why', async () => {
  const own = await frozen();
  const send = makeTestBroadcast({ ...world.deps, queueReply });
  const open = await world.addLead(page);
  const closed = await world.addLead(page, { last_inbound_at: new Date(START.getTime() - 25 * HOUR_MS) });
  const gone = await world.addLead(page, { status: 'unsubscribed' });
  const foreign = await world.addLead(stranger);
  const before = await world.db.first('select count(*) as n from reply');
  const link = `https://m.me/${page.metaPageId}`;
  await expect(send({ ...own, leadIds: [open.uuid, closed.uuid] })).rejects.toMatchObject({
    code: 'test_window_closed',
    message: expect.stringContaining(link) as string,
    errors: [{ pointer: '/lead_ids/1', detail: expect.stringContaining(link) as string }],
  });
  await expect(send({ ...own, leadIds: [gone.uuid] })).rejects.toMatchObject({
    code: 'test_not_eligible',
    errors: [{ pointer: '/lead_ids/0', detail: 'unsubscribed' }],
  });
  for (const [leadIds, pointer] of [
    [[foreign.uuid], '/lead_ids/0'],
    [['x'], '/lead_ids/0'],
    [[], '/lead_ids'],
    [Array<string>(11).fill(open.uuid), '/lead_ids'],
  ] as const) {
    await expect(send({ ...own, leadIds })).rejects.toMatchObject({ code: 'broadcast_invalid', errors: [{ pointer }] });
  }
  const theirs = { accountId: stranger.accountId, broadcastUuid: own.broadcastUuid, leadIds: [foreign.uuid] };
  await expect(send(theirs)).rejects.toMatchObject({ code: 'broadcast_not_found' });
  expect(await world.db.first('select count(*) as n from reply')).toEqual(before);
});
