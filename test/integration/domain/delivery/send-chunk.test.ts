import { sendBody, sendCommitment, sendNonce, sendsRoot } from '../../../../src/domain/consent';
import { openField } from '../../../../src/kernel/crypto/field-cipher';
import { accepted, DEFAULT_TOKEN, leafIndexOf, openDeliveryWorld, type DeliveryWorld } from './delivery-world';

let world: DeliveryWorld;
beforeAll(async () => {
  world = await openDeliveryWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  world.sender.calls.length = 0;
  world.sender.answer = accepted;
});

const counts = (rows: readonly { status: string; reason: string | null }[]) => {
  const found: Record<string, number> = {};
  for (const { status, reason } of rows) {
    const key = reason === null ? status : `${status}:${reason}`;
    found[key] = (found[key] ?? 0) + 1;
  }
  return found;
};

it('sends to everybody once, with unsubscribe and metadata, and records every answer', async () => {
  const page = await world.addPage(300);
  const leads = await world.addLeads(page, 70);
  const broadcast = await world.addBroadcast([page]);
  await world.sendAll(broadcast, page);

  const { calls } = world.sender;
  expect(calls).toHaveLength(70);
  expect(new Set(calls.map((call) => call.psid))).toEqual(new Set(leads.map((lead) => lead.psid)));
  const rows = await world.rows(broadcast);
  expect(counts(rows)).toEqual({ accepted: 70 });
  for (const call of calls) {
    expect(call).toMatchObject({ kind: 'd', attempt: 1, token: DEFAULT_TOKEN });
    expect(call.body).toMatchObject({
      messaging_type: 'UPDATE',
      message: {
        attachment: {
          payload: {
            text: 'Hello there, "news" today',
            buttons: [{ type: 'postback', title: 'Unsubscribe', payload: `assent:v1:unsubscribe:${call.uuid}` }],
          },
        },
      },
    });
  }
  const row = rows[0]!;
  const lead = leads[0]!;
  const sealed = await world.db.first<{ mid: Buffer }>('select mid_ct as mid from delivery where public_id = $1', [
    row.uuid,
  ]);
  const place = { table: 'delivery', column: 'mid_ct', row: row.uuid! };
  expect(openField(lead.dek, place, sealed!.mid).toString()).toBe(`m_${row.uuid}_1`);
});

it('logs each chunk as one entry whose root covers every message, rebuilt from its row', async () => {
  const page = await world.addPage(300);
  const leads = await world.addLeads(page, 3);
  const broadcast = await world.addBroadcast([page]);
  await world.sendAll(broadcast, page);
  const rows = await world.rows(broadcast);
  const entries = [...new Set(rows.map((row) => row.sendsEntry))];
  expect(entries).toHaveLength(1);
  expect(rows.map((row) => row.position)).toEqual([0, 1, 2]);
  const sends = await world.db.first<{ commitments: Buffer; opening: Buffer }>(
    `select s.commitments, o.opening from ledger_sends s join ledger_opening o on o.entry_id = s.entry_id
      where s.entry_id = $1`,
    [entries[0]],
  );
  const facts = await world.db.rows<{ c: Buffer; ref: Buffer; n: number }>(
    'select consent_commitment as c, subject_ref as ref, chain_n as n from lead where page_id = $1 order by id',
    [page.id],
  );
  const commitments = rows.map((row, place) => {
    const body = sendBody({
      log: world.append.logOrigin,
      delivery: row.uuid!,
      broadcast: broadcast.uuid,
      attempt: row.attempt,
      metaPageId: page.metaPageId,
      psid: leads[place]!.psid,
      at: row.claimedAt!,
      path: 'standard',
      consent: { commitment: facts[place]!.c, index: leafIndexOf(leads[place]!.id) },
      subject: { ref: facts[place]!.ref, n: row.subjectN! },
    });
    return sendCommitment(body, sendNonce(leads[place]!.dek, row.uuid!, row.attempt));
  });
  expect(sends!.commitments).toEqual(Buffer.concat(commitments));
  const body = JSON.parse(sends!.opening.subarray(0, -64).toString()) as Record<string, unknown>;
  expect(body).toMatchObject({
    kind: 'sends',
    n: 3,
    root: sendsRoot(commitments).toString('hex'),
    broadcast: broadcast.uuid,
  });
});

it('waits for a consent that no signed checkpoint holds yet, and sends to the others meanwhile', async () => {
  const page = await world.addPage(300);
  const [unsigned, ...others] = await world.addLeads(page, 4);
  const broadcast = await world.addBroadcast([page]);
  const leaf = await world.db.first<{ entry: string }>(
    'delete from ledger_leaf where leaf_index = $1 returning entry_id as entry',
    [leafIndexOf(unsigned!.id)],
  );
  const sentTo = () => new Set(world.sender.calls.map((call) => call.psid));
  for (let others = 0; others < 3; others = world.sender.calls.length) await world.sendOnce(broadcast, page);
  expect(sentTo()).toEqual(new Set(others.map((lead) => lead.psid)));
  expect(counts(await world.rows(broadcast))).toEqual({ accepted: 3, pending: 1 });
  expect(await world.sendOnce(broadcast, page)).toMatchObject({ kind: 'wait' });

  await world.db.run('insert into ledger_leaf (leaf_index, entry_id) values ($1, $2)', [
    leafIndexOf(unsigned!.id),
    leaf!.entry,
  ]);
  await world.sendAll(broadcast, page);
  expect(sentTo().has(unsigned!.psid)).toBe(true);
  expect(counts(await world.rows(broadcast))).toEqual({ accepted: 4 });
});

it('two workers on one Page send nothing twice and leave nothing', async () => {
  const page = await world.addPage(300);
  await world.addLeads(page, 160);
  const broadcast = await world.addBroadcast([page]);
  await Promise.all([world.sendAll(broadcast, page, 0), world.sendAll(broadcast, page, 1)]);
  expect(world.sender.calls).toHaveLength(160);
  expect(new Set(world.sender.calls.map((call) => call.psid)).size).toBe(160);
  expect(counts(await world.rows(broadcast))).toEqual({ accepted: 160 });
});

it('settles rows that may not be sent and goes on behind them in the same claim', async () => {
  const page = await world.addPage(5);
  const leads = await world.addLeads(page, 12);
  const change = (at: number, text: string) => world.db.run(`update lead set ${text} where id = $1`, [leads[at]!.id]);
  await change(0, `status = 'unsubscribed'`);
  await change(1, `notice_shown_at = null`);
  await change(2, `last_inbound_at = now() - interval '2 days'`);
  await change(3, `unreachable_at = now()`);
  await change(4, `restricted_at = now()`);
  await change(5, `status = 'reply_only', consent_entry = null`);
  const broadcast = await world.addBroadcast([page]);
  await world.db.run('delete from lead where id = $1', [leads[6]!.id]);
  expect(await world.sendOnce(broadcast, page)).toEqual({ kind: 'continue' });
  expect(world.sender.calls.map((call) => call.psid).sort()).toEqual(
    leads
      .slice(7, 12)
      .map((lead) => lead.psid)
      .sort(),
  );
  expect(counts(await world.rows(broadcast))).toEqual({
    accepted: 5,
    'skipped:unsubscribed': 1,
    'skipped:notice_not_shown': 1,
    'skipped:window_closed': 1,
    'skipped:unreachable': 1,
    'skipped:restricted': 1,
    'skipped:no_consent': 1,
    'skipped:erased': 1,
  });
  const replayed = await world.sendOnce(broadcast, page);
  expect(replayed.kind === 'wait' || replayed.kind === 'idle').toBe(true);
});

it('gives the worker back while the next slot is far, replies are due, both lanes are taken, or nothing is due', async () => {
  const page = await world.addPage(35);
  const [lead] = await world.addLeads(page, 1);
  const broadcast = await world.addBroadcast([page]);
  await world.db.run(
    `update page_pace set next_free_at = clock_timestamp() + interval '3 seconds' where page_id = $1`,
    [page.id],
  );
  const far = await world.sendOnce(broadcast, page);
  expect(far).toMatchObject({ kind: 'wait' });
  expect((far as { delayMs: number }).delayMs).toBeGreaterThan(2_000);
  expect((far as { delayMs: number }).delayMs).toBeLessThanOrEqual(2_800);
  await world.db.run(`update page_pace set next_free_at = clock_timestamp() where page_id = $1`, [page.id]);

  await world.db.run(
    `insert into reply (public_id, page_id, lead_id, kind, cause, language, status, due_at, created_at)
     values (gen_random_uuid(), $1, $2, 'ask_subscribe', gen_random_uuid(), 'en', 'pending', now(), now())`,
    [page.id, lead!.id],
  );
  expect(await world.sendOnce(broadcast, page)).toEqual({ kind: 'wait', delayMs: 200 });
  await world.db.run(`delete from reply where page_id = $1`, [page.id]);

  const hold = `update page_lane set holder = gen_random_uuid(), held_until = clock_timestamp() + $2::interval where page_id = $1`;
  await world.db.run(hold, [page.id, '30 seconds']);
  expect(await world.sendOnce(broadcast, page)).toEqual({ kind: 'wait', delayMs: 200 });
  await world.db.run(hold, [page.id, '-1 seconds']);

  await world.db.run(`update delivery set due_at = clock_timestamp() + interval '20 seconds' where broadcast_id = $1`, [
    broadcast.id,
  ]);
  const later = await world.sendOnce(broadcast, page);
  expect((later as { delayMs: number }).delayMs).toBeGreaterThan(15_000);
  expect(world.sender.calls).toHaveLength(0);

  await world.db.run(`update delivery set due_at = clock_timestamp() where broadcast_id = $1`, [broadcast.id]);
  expect(await world.sendOnce(broadcast, page)).toEqual({ kind: 'continue' });
  expect(await world.sendOnce(broadcast, page)).toEqual({ kind: 'idle' });
  expect(world.sender.calls).toHaveLength(1);
  const lanes = await world.db.rows(`select from page_lane where page_id = $1 and holder is null`, [page.id]);
  expect(lanes.length).toBeGreaterThanOrEqual(1);
});

it.each([
  ['another generation', `update broadcast_page set generation = 2 where broadcast_id = $1`],
  ['a paused broadcast', `update broadcast set status = 'paused' where id = $1`],
  ['a blocked Page of the broadcast', `update broadcast_page set state = 'blocked' where broadcast_id = $1`],
  [
    'a stopped Page',
    `update page set state = 'stopped' where id in (select page_id from broadcast_page where broadcast_id = $1)`,
  ],
])('does nothing for %s', async (_what, change) => {
  const page = await world.addPage(35);
  await world.addLeads(page, 1);
  const broadcast = await world.addBroadcast([page]);
  await world.db.run(change, [broadcast.id]);
  expect(await world.sendOnce(broadcast, page)).toEqual({ kind: 'idle' });
  expect(world.sender.calls).toHaveLength(0);
  expect(counts(await world.rows(broadcast))).toEqual({ pending: 1 });
});
