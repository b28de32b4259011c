import { randomUUID } from 'node:crypto';
import { sendBody, sendCommitment, sendNonce } from '../../../../src/domain/consent';
import { queueTestReply } from '../../../../src/domain/delivery';
import { splitHashes } from '../../../../src/kernel/crypto/merkle';
import {
  accepted,
  leafIndexOf,
  openDeliveryWorld,
  type DeliveryWorld,
  type WorldBroadcast,
  type WorldLead,
  type WorldPage,
} from './delivery-world';

let world: DeliveryWorld;
let page: WorldPage;
beforeAll(async () => {
  world = await openDeliveryWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  world.sender.calls.length = 0;
  world.sender.answer = accepted;
  page = await world.addPage();
});

const queueTest = (broadcast: WorldBroadcast, { id, uuid }: WorldLead) =>
  world.db.transaction((tx) =>
    queueTestReply(tx, {
      lead: { id, uuid },
      page,
      kind: 'test',
      cause: randomUUID(),
      language: 'en',
      broadcastId: broadcast.id,
    }),
  );

const tests = () =>
  world.db.rows<{ uuid: string; status: string; reason: string | null; attempt: number; dueInMs: number }>(
    `select public_id as uuid, status, reason, attempt,
       (extract(epoch from due_at - clock_timestamp()) * 1000)::float8 as "dueInMs"
      from reply where page_id = $1 and kind = 'test' order by id`,
    [page.id],
  );

const logged = () =>
  world.db.rows<{
    uuid: string;
    attempt: number;
    leadId: string;
    at: Date;
    position: number;
    entryId: string;
    commitments: Buffer;
  }>(
    `select g.message_id as uuid, g.attempt, g.lead_id as "leadId", g.claimed_at as at, g.sends_position as position,
       g.sends_entry as "entryId", s.commitments
      from logged_send g join ledger_sends s on s.entry_id = g.sends_entry
     where g.is_test and g.page_id = $1 order by g.broadcast_id, g.attempt, g.sends_position`,
    [page.id],
  );

it('logs tests as authorised before they go, one entry for each broadcast, and each opens with what the row says', async () => {
  const leads = await world.addLeads(page, 2);
  const [one, two] = [await world.addBroadcast([page]), await world.addBroadcast([page])];
  for (const lead of leads) await queueTest(one, lead);
  await queueTest(two, leads[0]!);
  let before: number | undefined;
  world.sender.answer = async (call) => {
    before ??= (await logged()).length;
    return accepted(call);
  };
  await world.repliesOnce(page);
  expect(before).toBe(3);
  const rows = await logged();
  expect(rows.map(({ position }) => position)).toEqual([0, 1, 0]);
  expect(new Set(rows.map(({ entryId }) => entryId)).size).toBe(2);
  expect(rows.map(({ uuid }) => uuid)).toEqual((await tests()).map(({ uuid }) => uuid));
  for (const [place, row] of rows.entries()) {
    const lead = leads[place % 2]!;
    const { commitment, ref } = (await world.db.first<{ commitment: Buffer; ref: Buffer }>(
      'select consent_commitment as commitment, subject_ref as ref from lead where id = $1',
      [lead.id],
    ))!;
    const body = sendBody({
      log: world.append.logOrigin,
      delivery: row.uuid,
      broadcast: (place < 2 ? one : two).uuid,
      attempt: 1,
      metaPageId: page.metaPageId,
      psid: lead.psid,
      at: row.at,
      path: 'standard',
      consent: { commitment, index: leafIndexOf(lead.id) },
      subject: { ref, n: 1 },
    });
    const made = sendCommitment(body, sendNonce(lead.dek, row.uuid, 1));
    expect(splitHashes(row.commitments)[row.position]!.equals(made)).toBe(true);
  }
});

it('logs the next attempt of a test again', async () => {
  const lead = await world.addLead(page);
  await queueTest(await world.addBroadcast([page]), lead);
  world.sender.answer = () => ({ kind: 'retry-later', code: 1200, subcode: null });
  await world.repliesOnce(page);
  await world.db.run('update reply set due_at = now() where page_id = $1', [page.id]);
  world.sender.answer = accepted;
  await world.repliesOnce(page);
  expect(await tests()).toMatchObject([{ status: 'accepted', attempt: 2 }]);
  expect((await logged()).map(({ attempt }) => attempt)).toEqual([1, 2]);
  expect(world.sender.calls.map(({ attempt }) => attempt)).toEqual([1, 2]);
});

it('holds a test back until the consent it rests on is inside a signed checkpoint, and answers meanwhile', async () => {
  const lead = await world.addLead(page);
  await world.db.run('delete from ledger_leaf where leaf_index = $1', [leafIndexOf(lead.id)]);
  await queueTest(await world.addBroadcast([page]), lead);
  await world.repliesOnce(page);
  expect([world.sender.calls, await logged()]).toEqual([[], []]);
  const [held] = await tests();
  expect(held).toMatchObject({ status: 'pending', reason: null, attempt: 0 });
  expect(held!.dueInMs).toBeGreaterThan(0);
  await world.db.run(
    'insert into ledger_leaf (leaf_index, entry_id) select $1, consent_entry from lead where id = $2',
    [leafIndexOf(lead.id), lead.id],
  );
  await world.db.run('update reply set due_at = now() where page_id = $1', [page.id]);
  await world.repliesOnce(page);
  expect(await tests()).toMatchObject([{ status: 'accepted', attempt: 1 }]);
});

it.each([
  ['window_closed', `last_inbound_at = now() - interval '25 hours'`],
  ['unsubscribed', `status = 'unsubscribed'`],
  ['restricted', `restricted_at = now()`],
  ['no_consent', `status = 'reply_only', consent_entry = null`],
  ['unreachable', `unreachable_at = now()`],
])('skips a test whose person became %s after it was asked for, and logs nothing', async (reason, set) => {
  const lead = await world.addLead(page);
  await queueTest(await world.addBroadcast([page]), lead);
  await world.db.run(`update lead set ${set} where id = $1`, [lead.id]);
  await world.repliesOnce(page);
  expect(await tests()).toMatchObject([{ status: 'skipped', reason, attempt: 0 }]);
  expect([world.sender.calls, await logged()]).toEqual([[], []]);
});
