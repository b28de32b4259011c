import { createHash } from 'node:crypto';
import { decideEligibility, windowEdges } from '../../../../src/domain/broadcasts/eligibility.rules';
import { eligibilitySql } from '../../../../src/domain/broadcasts/eligibility.store';
import { makeConsentHistory, openEntries } from '../../../../src/domain/consent';
import { event, message, newPsid, openInboxWorld, postback, type InboxWorld, type TestPage } from './inbox-world';

let world: InboxWorld;
beforeAll(async () => {
  world = await openInboxWorld();
});
afterAll(() => world.close());

const minutes = (n: number): Date => new Date(world.now().getTime() + n * 60_000);
const standby = (page: TestPage, ...events: object[]) => ({
  object: 'page',
  entry: [{ id: page.metaPageId, time: world.now().getTime(), standby: events }],
});
const history = async (page: TestPage, psid: string) =>
  makeConsentHistory(world.deps)({ accountId: page.accountId, leadUuid: (await world.leadOf(page, psid))!.uuid });
const optin = (status: string | null, more: object = {}) => ({
  optin: {
    type: 'notification_messages',
    notification_messages_token: 'token-847001',
    user_token_status: 'NOT_REFRESHED',
    ...(status === null ? {} : { notification_messages_status: status }),
    ...more,
  },
});

test.each([
  ['get_started', (page: TestPage, psid: string) => postback(page, psid, minutes(-1), 'assent:v1:start'), true],
  [
    'referral',
    (page: TestPage, psid: string) =>
      postback(page, psid, minutes(-1), 'assent:v1:start', {
        referral: { ref: 'spring', source: 'SHORTLINK', type: 'OPEN_THREAD' },
      }),
    true,
  ],
  [
    'referral',
    (page: TestPage, psid: string) =>
      event(page, psid, minutes(-1), { referral: { ref: 'spring', source: 'SHORTLINK', type: 'OPEN_THREAD' } }),
    true,
  ],
  [
    'ad',
    (page: TestPage, psid: string) =>
      message(page, psid, minutes(-1), 'Hi', {
        referral: { ref: 'spring', ad_id: '6045', source: 'ADS', type: 'OPEN_THREAD' },
      }),
    true,
  ],
  [
    'optin_plugin',
    (page: TestPage, psid: string) => event(page, psid, minutes(-1), { optin: { ref: 'spring' } }),
    false,
  ],
  ['marketing_optin', (page: TestPage, psid: string) => event(page, psid, minutes(-1), optin(null)), false],
] as const)('a conversation that starts by %s is an opt-in and gets a welcome', async (via, start, opensWindow) => {
  const page = await world.newPage();
  const psid = newPsid();
  await world.deliver(page, start(page, psid));
  const lead = (await world.leadOf(page, psid))!;
  expect(lead.status).toBe('subscribed');
  expect((await history(page, psid))[0]).toMatchObject({ kind: 'opt_in', via });
  expect(lead.row['last_inbound_at']).toEqual(opensWindow ? minutes(-1) : null);
  expect(lead.row['last_ad_message_at']).toEqual(via === 'ad' ? minutes(-1) : null);
  expect(lead.row['ref_index'] === null).toBe(via === 'get_started' || via === 'marketing_optin');
  expect(await world.count(`reply where lead_id = $1 and kind = 'welcome'`, [lead.id])).toBe(1);
});

test('in standby a STOP counts and the window opens, but no conversation starts and nothing subscribes', async () => {
  const page = await world.newPage();
  const [watched, stranger] = [newPsid(), newPsid()];
  await world.deliver(page, message(page, watched, minutes(-9), 'hello'));
  await world.store(
    standby(page, message(page, watched, minutes(-5), 'hm'), message(page, stranger, minutes(-5), 'hello')),
  );
  await world.drain();
  expect((await world.leadOf(page, watched))!.row['last_inbound_at']).toEqual(minutes(-5));
  expect(await world.leadOf(page, stranger)).toBeUndefined();
  await world.store(
    standby(page, message(page, watched, minutes(-4), 'stop'), message(page, watched, minutes(-3), 'start')),
  );
  await world.drain();
  expect((await world.leadOf(page, watched))!.status).toBe('unsubscribed');
});

test('marketing messages: granted, stopped and resumed move the token and the consent, each logged once', async () => {
  const page = await world.newPage();
  const psid = newPsid();
  await world.deliver(page, event(page, psid, minutes(-9), optin(null)));
  await world.deliver(page, event(page, psid, minutes(-8), optin('STOP NOTIFICATIONS')));
  const stopped = (await world.leadOf(page, psid))!;
  expect([stopped.status, stopped.row['marketing_token_state']]).toEqual(['unsubscribed', 'stopped']);
  await world.deliver(page, event(page, psid, minutes(-8.5), optin('RESUME_NOTIFICATIONS')));
  expect((await world.leadOf(page, psid))!.row['marketing_token_state']).toBe('stopped');
  await world.deliver(page, event(page, psid, minutes(-7), optin('RESUME NOTIFICATIONS')));
  const resumed = (await world.leadOf(page, psid))!;
  expect([resumed.status, resumed.row['marketing_token_state']]).toEqual(['subscribed', 'resumed']);
  expect((resumed.row['marketing_token_ct'] as Buffer).includes('token-847001')).toBe(false);
  expect((await history(page, psid)).map(({ kind, via, state }) => [kind, via ?? state])).toEqual([
    ['opt_in', 'marketing_optin'],
    ['token', 'granted'],
    ['withdraw', 'meta_stop'],
    ['token', 'stopped'],
    ['re_opt_in', 'marketing_optin'],
    ['token', 'resumed'],
  ]);
});

test('a marketing token that Meta refreshes is logged, though its state stays; the same event again is not', async () => {
  const page = await world.newPage();
  const psid = newPsid();
  const grant = (at: number, token: string, expires: number) =>
    event(
      page,
      psid,
      minutes(at),
      optin(null, { notification_messages_token: token, token_expiry_timestamp: minutes(expires).getTime() }),
    );
  await world.deliver(page, grant(-9, 'token-1', 60));
  await world.deliver(page, grant(-8, 'token-2', 120));
  await world.deliver(page, grant(-8, 'token-2', 120));
  const lead = (await world.leadOf(page, psid))!;
  const entries = await openEntries(world.db, lead.dek, lead.id);
  const tokens = entries
    .map(({ body }) => JSON.parse(body.toString()) as Record<string, unknown> & { subject: { n: number } })
    .filter(({ kind }) => kind === 'token')
    .sort((a, b) => a.subject.n - b.subject.n);
  const sha256 = (token: string) => createHash('sha256').update(token).digest('hex');
  expect(tokens.map(({ token_sha256: hash, expires }) => [hash, expires])).toEqual([
    [sha256('token-1'), minutes(60).toISOString()],
    [sha256('token-2'), minutes(120).toISOString()],
  ]);
  expect(lead.row['marketing_token_expires_at']).toEqual(minutes(120));
});

test.each([
  ['granted', [null]],
  ['renewed', [null, 'RESUME NOTIFICATIONS']],
  ['resumed', [null, 'STOP NOTIFICATIONS', 'RESUME NOTIFICATIONS']],
] as const)(
  'a marketing permission that was %s is a path that is not set up, not a closed window',
  async (_state, steps) => {
    const page = await world.newPage();
    const psid = newPsid();
    for (const [n, status] of steps.entries())
      await world.deliver(page, event(page, psid, minutes(n - 9), optin(status)));
    const { id, row } = (await world.leadOf(page, psid))!;
    await world.db.run('update lead set notice_shown_at = now() where id = $1', [id]);
    const rules = { ruleVersion: 'r', standardWindowMs: 86_400_000, adWindowMs: null, safetyMarginMs: 0 };
    const facts = {
      status: 'subscribed',
      restrictedAt: null,
      consentEntry: row['consent_entry'] as string,
      noticeShownAt: world.now(),
      unreachableAt: null,
      lastInboundAt: null,
      lastAdMessageAt: null,
      marketingTokenState: row['marketing_token_state'] as string,
      marketingTokenExpiresAt: row['marketing_token_expires_at'] as Date | null,
    } as const;
    const expected = { eligible: false, reason: 'path_not_configured' };
    expect(decideEligibility(facts, { basis: 'consent' }, rules, world.now())).toEqual(expected);
    const { standardEdge } = windowEdges(rules, world.now());
    const { reason } = eligibilitySql({ lead: 'l', page: 'p', now: '$2', standardEdge: '$3', adEdge: 'null' });
    const decided = await world.db.first<{ reason: string }>(
      `select ${reason} as reason from lead l join page p on p.id = l.page_id where l.id = $1`,
      [id, world.now(), standardEdge],
    );
    expect(decided?.reason).toBe('path_not_configured');
  },
);

test('who begins with STOP and comes back gets the welcome beside the confirmation', async () => {
  const page = await world.newPage();
  const psid = newPsid();
  await world.deliver(page, message(page, psid, minutes(-9), 'stop'));
  const lead = (await world.leadOf(page, psid))!;
  const welcomes = () => world.count(`reply where lead_id = $1 and kind = 'welcome' and notice_version = 1`, [lead.id]);
  expect(await welcomes()).toBe(0);
  await world.deliver(page, message(page, psid, minutes(-8), 'start'));
  expect(await welcomes()).toBe(1);
  expect(await world.count(`reply where lead_id = $1 and kind = 'confirm_subscribed'`, [lead.id])).toBe(1);
});

test.each(['rejected', 'uncertain', 'skipped'])(
  'a welcome that ended %s is tried again once, by the next act',
  async (end) => {
    const page = await world.newPage();
    const psid = newPsid();
    await world.deliver(page, message(page, psid, minutes(-9), 'hello'));
    const lead = (await world.leadOf(page, psid))!;
    const welcomes = () => world.count(`reply where lead_id = $1 and kind = 'welcome'`, [lead.id]);
    await world.deliver(page, message(page, psid, minutes(-8), 'still there?'));
    expect(await welcomes()).toBe(1);
    await world.db.run('update reply set status = $2 where lead_id = $1', [lead.id, end]);
    const again = message(page, psid, minutes(-7), 'hello again');
    await world.deliver(page, again);
    await world.deliver(page, again, message(page, psid, minutes(-6), 'and again'));
    expect(await welcomes()).toBe(2);
    await world.db.run(`update reply set status = 'sending' where lead_id = $1 and status = 'pending'`, [lead.id]);
    await world.deliver(page, message(page, psid, minutes(-5), 'and once more'));
    expect(await welcomes()).toBe(2);
  },
);

test('whoever asks for their consent gets one receipt, also after leaving, and nothing else changes', async () => {
  const page = await world.newPage();
  const psid = newPsid();
  await world.deliver(page, postback(page, psid, minutes(-9), 'assent:v1:start'));
  const before = (await world.leadOf(page, psid))!;
  const receipts = () => world.count(`reply where lead_id = $1 and kind = 'my_consent'`, [before.id]);
  for (const [n, words] of ['My consent', 'meine Einwilligung?', 'my consent'].entries()) {
    await world.deliver(page, message(page, psid, minutes(n - 8), words));
  }
  expect(await receipts()).toBe(1);
  const asked = (await world.leadOf(page, psid))!;
  expect([asked.status, asked.row['chain_n']]).toEqual(['subscribed', before.row['chain_n']]);
  await world.db.run(`update reply set status = 'accepted' where lead_id = $1`, [before.id]);
  await world.deliver(page, message(page, psid, minutes(-4), 'STOP'));
  await world.deliver(page, message(page, psid, minutes(-3), 'my consent'));
  expect(await receipts()).toBe(2);
  await world.deliver(page, message(page, psid, minutes(-2), 'is my consent needed for that'));
  expect(await receipts()).toBe(2);
  expect((await world.leadOf(page, psid))!.status).toBe('unsubscribed');
});

test.each([
  ['the words', (page: TestPage, psid: string) => message(page, psid, minutes(-8), 'Meine Daten!')],
  ['the menu', (page: TestPage, psid: string) => postback(page, psid, minutes(-8), 'assent:v1:data')],
])('whoever asks for their data by %s gets one link, and nothing else changes', async (_by, ask) => {
  const page = await world.newPage();
  const psid = newPsid();
  await world.deliver(page, postback(page, psid, minutes(-9), 'assent:v1:start'));
  const before = (await world.leadOf(page, psid))!;
  await world.deliver(page, ask(page, psid));
  await world.deliver(page, message(page, psid, minutes(-7), 'my data'));
  expect(await world.count(`reply where lead_id = $1 and kind = 'my_data'`, [before.id])).toBe(1);
  await world.deliver(page, message(page, psid, minutes(-6), 'where is my data stored'));
  const after = (await world.leadOf(page, psid))!;
  expect([after.status, after.row['chain_n']]).toEqual(['subscribed', before.row['chain_n']]);
  expect(await world.count(`reply where lead_id = $1 and kind = 'my_data'`, [before.id])).toBe(1);
});

test('tapping a button many times earns one answer, and another welcome only a day later', async () => {
  const page = await world.newPage();
  const psid = newPsid();
  const tap = async (payload: string) => {
    const taps = Array.from({ length: 20 }, (_, n) => postback(page, psid, minutes(n / 60 - 5), payload));
    await world.deliver(page, ...taps);
  };
  await tap('assent:v1:start');
  await tap('assent:v1:notice');
  const lead = (await world.leadOf(page, psid))!;
  const replies = (kind: string) => world.count('reply where lead_id = $1 and kind = $2', [lead.id, kind]);
  expect([await replies('welcome'), await replies('notice_link')]).toEqual([1, 1]);
  await world.db.run(`update reply set status = 'accepted' where lead_id = $1`, [lead.id]);
  await world.db.run('update lead set notice_shown_at = now() where id = $1', [lead.id]);
  await tap('assent:v1:start');
  await tap('assent:v1:notice');
  expect([await replies('welcome'), await replies('notice_link')]).toEqual([1, 2]);
  await world.db.run(`update reply set created_at = created_at - interval '24 hours 1 second' where lead_id = $1`, [
    lead.id,
  ]);
  await tap('assent:v1:start');
  expect(await replies('welcome')).toBe(2);
  await world.deliver(page, message(page, psid, minutes(-6), 'stop'));
  await tap('assent:v1:start');
  expect(await replies('ask_subscribe')).toBe(1);
});

test("Meta's own opt-out event unsubscribes, from messaging and from changes", async () => {
  const page = await world.newPage();
  const [first, second] = [newPsid(), newPsid()];
  await world.deliver(page, message(page, first, minutes(-9), 'hello'), message(page, second, minutes(-9), 'hello'));
  await world.store({
    object: 'page',
    entry: [
      {
        id: page.metaPageId,
        time: world.now().getTime(),
        messaging: [event(page, first, minutes(-1), { optout: {} })],
        changes: [{ field: 'messaging_optouts', value: { sender: { id: second } } }],
      },
    ],
  });
  await world.drain();
  expect((await world.leadOf(page, first))!.status).toBe('unsubscribed');
  expect((await world.leadOf(page, second))!.status).toBe('unsubscribed');
});

test('an unsubscribe button names its delivery, and only one of the same lead', async () => {
  const page = await world.newPage();
  const [ann, bob] = [newPsid(), newPsid()];
  await world.deliver(page, message(page, ann, minutes(-9), 'hello'), message(page, bob, minutes(-9), 'hello'));
  const own = '11111111-1111-4111-8111-111111111111';
  const others = '22222222-2222-4222-8222-222222222222';
  for (const [seq, psid, id] of [
    [1, ann, own],
    [2, bob, others],
  ] as const) {
    await world.db.run(
      `insert into delivery (broadcast_id, seq, page_id, lead_id, status, rule_version, public_id) values (1, $1, $2, $3, 'accepted', '1', $4)`,
      [seq, page.id, (await world.leadOf(page, psid))!.id, id],
    );
  }
  await world.deliver(page, postback(page, bob, minutes(-3), `assent:v1:unsubscribe:${own}`));
  await world.deliver(page, postback(page, ann, minutes(-2), `assent:v1:unsubscribe:${own}`));
  const marked = await world.db.rows<{ public_id: string; unsubscribed_at: Date | null }>(
    `select public_id, unsubscribed_at from delivery where page_id = $1 order by seq`,
    [page.id],
  );
  expect(marked).toEqual([
    { public_id: own, unsubscribed_at: minutes(-2) },
    { public_id: others, unsubscribed_at: null },
  ]);
  expect((await world.leadOf(page, bob))!.status).toBe('unsubscribed');
});

test('receipts and echoes of a lead reach delivery; an echo that is not ours does not', async () => {
  const page = await world.newPage();
  const psid = newPsid();
  await world.deliver(page, message(page, psid, minutes(-9), 'hello'));
  const { id: leadId } = (await world.leadOf(page, psid))!;
  const echo = (metadata: string) => ({
    ...event(page, page.metaPageId, minutes(-1), { message: { mid: 'm_sent', is_echo: true, metadata } }),
    recipient: { id: psid },
  });
  await world.deliver(
    page,
    echo('assent:v1:d:11111111-1111-4111-8111-111111111111:1'),
    echo('of another program'),
    event(page, psid, minutes(-1), { delivery: { watermark: minutes(-2).getTime(), mids: ['m_sent'] } }),
    event(page, psid, minutes(-1), { read: { watermark: minutes(-1).getTime() } }),
  );
  expect(world.seen.echoes).toEqual([
    { leadId, pageId: page.id, metadata: 'assent:v1:d:11111111-1111-4111-8111-111111111111:1', mid: 'm_sent' },
  ]);
  expect(world.seen.delivered).toEqual([{ leadId, watermarkMs: minutes(-2).getTime(), mids: ['m_sent'] }]);
  expect(world.seen.read).toEqual([{ leadId, watermarkMs: minutes(-1).getTime(), mids: [] }]);
});

test.each([
  ['a policy block', { policy_enforcement: { action: 'block', reason: 'spam' } }, 'policy_block'],
  ['a policy warning', { 'policy-enforcement': { action: 'warning', reason: 'spam' } }, 'policy_warning'],
] as const)('%s stops the Page, and a lift leaves it stopped', async (_name, fields, reason) => {
  const page = await world.newPage();
  const about = { recipient: { id: page.metaPageId }, timestamp: minutes(-1).getTime() };
  await world.deliver(page, { ...about, ...fields });
  await world.deliver(page, { ...about, policy_enforcement: { action: 'unblock' } });
  const row = await world.db.first(`select state, stop_reason from page where id = $1`, [page.id]);
  expect(row).toEqual({ state: 'stopped', stop_reason: reason });
  expect(world.logged).toContainEqual({ name: 'page.policy_lifted', fields: { page: page.uuid } });
});

test('a restriction of the Page stops it; a warning of integrity alone does not', async () => {
  const page = await world.newPage();
  const change = (status: string) => ({
    object: 'page',
    entry: [
      { id: page.metaPageId, time: 1_795_428_672, changes: [{ field: 'business_integrity', value: { status } }] },
    ],
  });
  await world.store(change('warning'));
  await world.drain();
  expect(await world.count(`page where id = $1 and state = 'active'`, [page.id])).toBe(1);
  await world.store(change('restricted'));
  await world.drain();
  expect(
    await world.count(`page where id = $1 and state = 'stopped' and stop_reason = 'page_restricted'`, [page.id]),
  ).toBe(1);
});

test('an unknown or disconnected Page is counted and dropped', async () => {
  const page = await world.newPage();
  await world.db.run(`update page set state = 'disconnected' where id = $1`, [page.id]);
  const drained = await world.deliver(page, message(page, newPsid(), minutes(-1), 'hello'));
  expect(drained.events).toEqual([{ kind: 'message', outcome: 'unknown_page', count: 1 }]);
  expect(await world.count('inbox')).toBe(0);
  expect(await world.count('lead where page_id = $1', [page.id])).toBe(0);
});

test('writing again shows that a person can be reached; an older event does not', async () => {
  const page = await world.newPage();
  const psid = newPsid();
  await world.deliver(page, message(page, psid, minutes(-60), 'hello'));
  await world.db.run(`update lead set unreachable_at = $2, failed_in_a_row = 3 where page_id = $1`, [
    page.id,
    minutes(-30),
  ]);
  await world.deliver(page, message(page, psid, minutes(-40), 'late'));
  expect((await world.leadOf(page, psid))!.row).toMatchObject({ unreachable_at: minutes(-30), failed_in_a_row: 3 });
  await world.deliver(page, message(page, psid, minutes(-20), 'back'));
  expect((await world.leadOf(page, psid))!.row).toMatchObject({
    unreachable_at: null,
    failed_in_a_row: 0,
    last_inbound_at: minutes(-20),
  });
  await world.deliver(page, message(page, psid, minutes(-25), 'late again'));
  expect((await world.leadOf(page, psid))!.row['last_inbound_at']).toEqual(minutes(-20));
});

test('a tap on the notice gets the link, and a reaction opens the window without a reply', async () => {
  const page = await world.newPage();
  const psid = newPsid();
  await world.deliver(page, message(page, psid, minutes(-9), 'hello'));
  await world.deliver(page, postback(page, psid, minutes(-8), 'assent:v1:notice'));
  await world.deliver(page, event(page, psid, minutes(-1), { reaction: { mid: 'm_1', action: 'react', emoji: '!' } }));
  const lead = (await world.leadOf(page, psid))!;
  expect(lead.row['last_inbound_at']).toEqual(minutes(-1));
  expect(await world.count(`reply where lead_id = $1 and kind = 'notice_link'`, [lead.id])).toBe(1);
  expect(await world.count('reply where lead_id = $1', [lead.id])).toBe(2);
});
