import { createHash } from 'node:crypto';
import { makeConsentHistory, openEntries } from '../../../../src/domain/consent';
import { openField } from '../../../../src/kernel/crypto/field-cipher';
import { APP_SECRET, bodyOf, event, message, newPsid, openInboxWorld, postback, type InboxWorld } from './inbox-world';
import { createHmac } from 'node:crypto';

let world: InboxWorld;
beforeAll(async () => {
  world = await openInboxWorld();
});
afterAll(() => world.close());

const sha256 = (...parts: Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
const minutes = (n: number): Date => new Date(world.now().getTime() + n * 60_000);

test('a signed message makes a lead, an opt-in with its evidence, and a welcome', async () => {
  const page = await world.newPage();
  const psid = newPsid();
  const bytes = await world.store(bodyOf(page, message(page, psid, minutes(-1), 'hello there')));
  const drained = await world.drain();

  expect(drained).toEqual({
    bodies: 1,
    failed: 0,
    notUnderstood: 0,
    events: [{ kind: 'message', outcome: 'created', count: 1 }],
  });
  const lead = (await world.leadOf(page, psid))!;
  expect(lead.status).toBe('subscribed');
  expect(lead.row['last_inbound_at']).toEqual(minutes(-1));
  expect(lead.row['opted_in_at']).toEqual(minutes(-1));
  expect(await world.count('inbox')).toBe(0);

  const [entry, ...others] = await openEntries(world.db, lead.dek, lead.id);
  expect(others).toEqual([]);
  const commitment = sha256(sha256(entry!.body), entry!.nonce);
  const pending = await world.db.first<{ commitment: Buffer; mac: Buffer; mac_key_id: number }>(
    `select commitment, mac, mac_key_id from ledger_pending where entry_id = $1`,
    [entry!.entryId],
  );
  expect(pending!.commitment).toEqual(commitment);
  const macKey = world.keyRing.pendingMacKey(pending!.mac_key_id).key;
  const macInput = Buffer.concat([Buffer.from(entry!.entryId.replaceAll('-', ''), 'hex'), commitment]);
  expect(pending!.mac).toEqual(createHmac('sha256', macKey).update(macInput).digest().subarray(0, 16));
  expect(lead.row['consent_entry']).toBe(entry!.entryId);
  expect(lead.row['chain_head']).toEqual(commitment);

  const body = JSON.parse(entry!.body.toString()) as {
    evidence: { segs: [string, number, string][]; i: number; hdr: string; len: number };
    [key: string]: unknown;
  };
  expect(body).toMatchObject({
    v: 1,
    kind: 'opt_in',
    via: 'first_message',
    page: page.metaPageId,
    psid,
    basis: 'gdpr.6.1.a',
    purposes: ['marketing.broadcast'],
    event_at: minutes(-1).toISOString(),
    subject: { n: 1, prev: null },
    notice: { lang: 'en', version: 1 },
  });
  expect(body.evidence.hdr).toBe(`sha256=${createHmac('sha256', APP_SECRET).update(bytes).digest('hex')}`);
  expect(body.evidence.len).toBe(bytes.length);

  const kept = await world.db.rows<{ delivery_id: string; position: number; kind: string; bytes: Buffer }>(
    `select delivery_id, position, kind, bytes from evidence_segment
     where delivery_id in (select delivery_id from evidence_segment where lead_id = $1) order by position`,
    [lead.id],
  );
  const opened = kept.map((row) => {
    if (row.kind === 'p') return { bytes: row.bytes, hash: sha256(row.bytes) };
    const place = { table: 'evidence_segment', column: 'bytes', row: `${row.delivery_id}:${String(row.position)}` };
    const plain = openField(lead.dek, place, row.bytes);
    const own = plain.subarray(0, -64);
    return { bytes: own, hash: sha256(sha256(own), plain.subarray(-64)) };
  });
  expect(Buffer.concat(opened.map((segment) => segment.bytes))).toEqual(bytes);
  expect(body.evidence.segs.map(([, , hash]) => hash)).toEqual(opened.map(({ hash }) => hash.toString('hex')));
  expect(kept[body.evidence.i]!.kind).toBe('e');

  expect(await world.count(`reply where lead_id = $1 and kind = 'welcome' and notice_version = 1`, [lead.id])).toBe(1);
});

test('a body delivered again, an event again in another body, and both at once have one effect', async () => {
  const page = await world.newPage();
  const psid = newPsid();
  const hello = message(page, psid, minutes(-2), 'hello');
  const body = bodyOf(page, hello);
  await world.store(body);
  await world.store(body);
  expect(await world.count('inbox')).toBe(1);
  await world.drain();
  await world.store(body);
  await world.store({ ...bodyOf(page, hello, message(page, psid, minutes(-1), 'more')) });
  const drained = await world.drain();
  expect(drained).toMatchObject({ bodies: 2, failed: 0 });
  expect(drained.events).toEqual(
    expect.arrayContaining([
      { kind: 'message', outcome: 'duplicate', count: 2 },
      { kind: 'message', outcome: 'applied', count: 1 },
    ]),
  );
  const lead = (await world.leadOf(page, psid))!;
  expect(await world.count('ledger_opening where lead_id = $1', [lead.id])).toBe(1);
  expect(await world.count('reply where lead_id = $1', [lead.id])).toBe(1);
  expect(lead.row['last_inbound_at']).toEqual(minutes(-1));
});

test('several people in one body: each has their own evidence, and all agree on every segment', async () => {
  const page = await world.newPage();
  const people = [newPsid(), newPsid(), newPsid()];
  await world.deliver(page, ...people.map((psid, place) => message(page, psid, minutes(-place - 1), `hello ${place}`)));
  const leads = await Promise.all(people.map(async (psid) => (await world.leadOf(page, psid))!));
  const evidences = await Promise.all(
    leads.map(async (lead) => {
      const [entry] = await openEntries(world.db, lead.dek, lead.id);
      return (JSON.parse(entry!.body.toString()) as { evidence: { segs: unknown[]; i: number } }).evidence;
    }),
  );
  expect(evidences.map(({ i }) => i)).toEqual([1, 3, 5]);
  expect(evidences[1]!.segs).toEqual(evidences[0]!.segs);
  expect(evidences[2]!.segs).toEqual(evidences[0]!.segs);
  const rows = await world.db.rows<{ position: number; kind: string }>(
    `select position, kind from evidence_segment where delivery_id = (select delivery_id from evidence_segment where lead_id = $1)
     order by position`,
    [leads[0]!.id],
  );
  expect(rows.map(({ kind }) => kind).join('')).toBe('pepepep');
  expect(await world.count('inbox')).toBe(0);
});

test('two events of one person in one body: both count, and the chain is linked', async () => {
  const page = await world.newPage();
  const psid = newPsid();
  await world.deliver(page, message(page, psid, minutes(-2), 'hello'), message(page, psid, minutes(-1), 'STOP'));
  const lead = (await world.leadOf(page, psid))!;
  expect(lead.status).toBe('unsubscribed');
  expect(lead.row['consent_entry']).toBeNull();
  const entries = await openEntries(world.db, lead.dek, lead.id);
  const bodies = entries
    .map(({ body, nonce }) => ({
      ...(JSON.parse(body.toString()) as { kind: string; via: string; subject: { n: number; prev: string | null } }),
      c: sha256(sha256(body), nonce),
    }))
    .sort((a, b) => a.subject.n - b.subject.n);
  expect(bodies.map(({ kind, via, subject }) => [kind, via, subject.n])).toEqual([
    ['opt_in', 'first_message', 1],
    ['withdraw', 'keyword', 2],
  ]);
  expect(bodies[1]!.subject.prev).toBe(bodies[0]!.c.toString('hex'));
  expect(lead.row['chain_head']).toEqual(bodies[1]!.c);
  expect(lead.row['withdrawal_commitment']).toEqual(bodies[1]!.c);
  expect(world.skipped.filter(({ leadId }) => leadId === lead.id)).toEqual([
    { leadId: lead.id, reason: 'unsubscribed' },
  ]);
});

test('stop and an explicit return that arrive in the wrong order leave the person where they wanted to be', async () => {
  const page = await world.newPage();
  const psid = newPsid();
  await world.deliver(page, message(page, psid, minutes(-9), 'hello'));
  await world.deliver(page, postback(page, psid, minutes(-1), 'assent:v1:subscribe'));
  await world.deliver(page, message(page, psid, minutes(-5), 'stop'));
  expect((await world.leadOf(page, psid))!.status).toBe('subscribed');
  await world.deliver(page, message(page, psid, minutes(0), 'STOP!'));
  await world.deliver(page, postback(page, psid, minutes(-1), 'assent:v1:subscribe'));
  expect((await world.leadOf(page, psid))!.status).toBe('unsubscribed');
});

test('no silent return: a message and Get Started do not subscribe, the button does, naming the withdrawal', async () => {
  const page = await world.newPage();
  const psid = newPsid();
  await world.deliver(page, message(page, psid, minutes(-9), 'hello'));
  await world.deliver(page, postback(page, psid, minutes(-8), 'assent:v1:unsubscribe'));
  await world.deliver(page, message(page, psid, minutes(-7), 'STOP'));
  await world.deliver(page, message(page, psid, minutes(-6), 'are you open today?'));
  await world.deliver(page, postback(page, psid, minutes(-5), 'assent:v1:start'));
  const left = (await world.leadOf(page, psid))!;
  expect(left.status).toBe('unsubscribed');
  expect(left.row['last_inbound_at']).toEqual(minutes(-5));
  expect(await world.count('ledger_opening where lead_id = $1', [left.id])).toBe(2);
  expect(await replies(left.id)).toEqual(['ask_subscribe', 'confirm_unsubscribed', 'welcome']);

  await world.deliver(page, postback(page, psid, minutes(-4), 'assent:v1:subscribe'));
  const back = (await world.leadOf(page, psid))!;
  expect(back.status).toBe('subscribed');
  const history = await makeConsentHistory(world.deps)({ accountId: page.accountId, leadUuid: back.uuid });
  expect(history.map(({ kind, via, n }) => [kind, via, n])).toEqual([
    ['opt_in', 'first_message', 1],
    ['withdraw', 'postback', 2],
    ['re_opt_in', 'button', 3],
  ]);
  const last = (await openEntries(world.db, back.dek, back.id)).find(({ entryId }) => entryId === history[2]!.entryId);
  expect(JSON.parse(last!.body.toString())).toMatchObject({ after: history[1]!.commitment });
  expect(await replies(back.id)).toEqual(['ask_subscribe', 'confirm_subscribed', 'confirm_unsubscribed', 'welcome']);
});

async function replies(leadId: string): Promise<string[]> {
  const rows = await world.db.rows<{ kind: string }>(`select kind from reply where lead_id = $1 order by kind`, [
    leadId,
  ]);
  return rows.map(({ kind }) => kind);
}

test('a first word that is an opt-out makes an unsubscribed lead and no opt-in', async () => {
  const page = await world.newPage();
  const psid = newPsid();
  await world.deliver(page, message(page, psid, minutes(-1), 'Stop please'));
  const lead = (await world.leadOf(page, psid))!;
  expect(lead.status).toBe('unsubscribed');
  expect(
    (await makeConsentHistory(world.deps)({ accountId: page.accountId, leadUuid: lead.uuid })).map(({ kind }) => kind),
  ).toEqual(['withdraw']);
  expect(await replies(lead.id)).toEqual(['confirm_unsubscribed']);
});

test('explicit mode: the first message allows replies only and its text is kept nowhere; the tap is the consent', async () => {
  const page = await world.newPage({ optInMode: 'explicit' });
  const psid = newPsid();
  await world.deliver(page, message(page, psid, minutes(-3), 'a question of mine'));
  const first = (await world.leadOf(page, psid))!;
  expect(first.status).toBe('reply_only');
  expect(first.row['consent_entry']).toBeNull();
  expect(await world.count('evidence_segment where lead_id = $1', [first.id])).toBe(0);
  await world.deliver(page, postback(page, psid, minutes(-2), 'assent:v1:consent:yes'));
  const lead = (await world.leadOf(page, psid))!;
  expect(lead.status).toBe('subscribed');
  expect(await world.count('evidence_segment where lead_id = $1', [lead.id])).toBe(1);
  const history = await makeConsentHistory(world.deps)({ accountId: page.accountId, leadUuid: lead.uuid });
  expect(history.map(({ kind, purposes }) => [kind, purposes])).toEqual([
    ['opt_in', ['reply']],
    ['consent', ['marketing.broadcast']],
  ]);
  expect(lead.row['consent_entry']).toBe(history[1]!.entryId);
  expect(lead.row['consent_n']).toBe(2);
});

test('a person whose opt-out was brought along stays suppressed until an explicit act', async () => {
  const page = await world.newPage();
  const psid = newPsid();
  await world.suppress(page, psid);
  await world.deliver(page, message(page, psid, minutes(-3), 'hello'));
  expect((await world.leadOf(page, psid))!.status).toBe('suppressed');
  await world.deliver(page, message(page, psid, minutes(-2), 'hello again'));
  expect((await world.leadOf(page, psid))!.status).toBe('suppressed');
  await world.deliver(page, message(page, psid, minutes(-1), 'START'));
  expect((await world.leadOf(page, psid))!.status).toBe('subscribed');
});

test('what never makes a lead', async () => {
  const page = await world.newPage();
  const people = Array.from({ length: 7 }, newPsid);
  const [echoed, received, read, reacted, old, early, watched] = people as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const echo = {
    ...event(page, page.metaPageId, minutes(-1), {
      message: { mid: 'm_e', is_echo: true, metadata: 'assent:v1:d:x:1' },
    }),
    recipient: { id: echoed },
  };
  const drained = await world.deliver(
    page,
    echo,
    { ...event(page, received, minutes(-1), { delivery: { watermark: 1458668856253 } }) },
    event(page, read, minutes(-1), { read: { watermark: 1458668856253 } }),
    event(page, reacted, minutes(-1), { reaction: { mid: 'm_1', action: 'react', emoji: '!' } }),
    message(page, old, new Date(world.now().getTime() - 48 * 3_600_000 - 1_000), 'hello'),
    message(page, early, minutes(6), 'hello'),
    { recipient: { id: page.metaPageId }, timestamp: world.now().getTime(), optin: { ref: 'r', user_ref: 'u-1' } },
    { unknown: true },
  );
  await world.store({
    object: 'page',
    entry: [{ id: page.metaPageId, time: 1, standby: [message(page, watched, minutes(-1), 'hello')] }],
  });
  await world.drain();
  expect(await world.count('lead where page_id = $1', [page.id])).toBe(0);
  expect(drained.failed).toBe(0);
  expect(drained.events.reduce((sum, { count }) => sum + count, 0)).toBe(8);
  expect(world.seen.echoes).toEqual([]);
});

test('one bad event costs none of its neighbours, and comes again', async () => {
  const page = await world.newPage();
  const [first, second] = [newPsid(), newPsid()];
  let isBroken = true;
  const { queueReply } = world.deps;
  Object.assign(world.deps, {
    queueReply: async (...args: Parameters<typeof queueReply>) => {
      const lead = await world.leadOf(page, first);
      if (isBroken && lead === undefined) throw new Error('out of order');
      return queueReply(...args);
    },
  });
  await world.deliver(page, message(page, first, minutes(-1), 'hello'), message(page, second, minutes(-1), 'hello'));
  isBroken = false;
  expect(await world.count('inbox')).toBe(1);
  const waiting = await world.db.first<{ attempts: number; due_at: Date }>(`select attempts, due_at from inbox`);
  expect(waiting!.attempts).toBe(1);
  expect(waiting!.due_at > world.now()).toBe(true);
  Object.assign(world.deps, { queueReply });
  world.setNow(minutes(1));
  const again = await world.drain();
  expect(again.failed).toBe(0);
  expect(await world.count('inbox')).toBe(0);
  expect(await world.count('lead where page_id = $1', [page.id])).toBe(2);
});
