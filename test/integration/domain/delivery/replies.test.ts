import { randomUUID } from 'node:crypto';
import {
  makeReconcileEcho,
  makeSendReplies,
  queueReply,
  queueTestReply,
  type ReplyKind,
} from '../../../../src/domain/delivery';
import { webToken } from '../../../../src/domain/leads';
import type { SendOutcome } from '../../../../src/domain/delivery/sender.types';
import { accepted, openDeliveryWorld, type DeliveryWorld, type WorldLead, type WorldPage } from './delivery-world';

let world: DeliveryWorld;
beforeAll(async () => {
  world = await openDeliveryWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  world.sender.calls.length = 0;
  world.sender.answer = accepted;
});

const queue = (page: WorldPage, lead: WorldLead, kind: ReplyKind, cause: string = randomUUID(), language = 'en') =>
  world.db.transaction((tx) => queueReply(tx, { leadId: lead.id, pageId: page.id, kind, cause, language }));

const replies = (page: WorldPage) =>
  world.db.rows<{
    kind: string;
    status: string;
    reason: string | null;
    attempt: number;
    uuid: string;
    version: number;
  }>(
    `select kind, status, reason, attempt, public_id as uuid, notice_version as version from reply where page_id = $1
      order by id`,
    [page.id],
  );

const newcomer = async (page: WorldPage): Promise<WorldLead> => {
  const lead = await world.addLead(page);
  await world.db.run('update lead set notice_shown_at = null, notice_version = null where id = $1', [lead.id]);
  return lead;
};

const shown = (lead: WorldLead) =>
  world.db.first<{ shown: boolean; version: number | null; n: number }>(
    `select notice_shown_at is not null as shown, notice_version as version, chain_n as n from lead where id = $1`,
    [lead.id],
  );

interface Template {
  attachment: { payload: { text: string; buttons: { type: string; title: string; payload?: string; url?: string }[] } };
}
const templateOf = (place: number) =>
  (world.sender.calls[place]!.body.message as unknown as Template).attachment.payload;

it('welcomes with the notice in force, once for a cause, and writes down that it was shown', async () => {
  const page = await world.addPage();
  const lead = await newcomer(page);
  const cause = randomUUID();
  expect(await queue(page, lead, 'welcome', cause)).toBe(true);
  expect(await queue(page, lead, 'welcome', cause)).toBe(false);
  expect(await world.repliesOnce(page)).toEqual({ kind: 'continue' });
  expect(await world.repliesOnce(page)).toEqual({ kind: 'idle' });
  expect(world.sender.calls).toHaveLength(1);
  expect(world.sender.calls[0]).toMatchObject({
    psid: lead.psid,
    kind: 'r',
    attempt: 1,
    body: { messaging_type: 'RESPONSE' },
  });
  expect(templateOf(0)).toEqual({
    template_type: 'button',
    text: 'I am the automated assistant of Test Page. News once a week.',
    buttons: [
      { type: 'postback', title: 'Unsubscribe', payload: 'assent:v1:unsubscribe' },
      { type: 'web_url', title: 'Privacy and notice', url: `https://assent.example/n/${webToken(lead.dek)}` },
    ],
  });
  expect(await replies(page)).toMatchObject([{ status: 'accepted', version: 1 }]);
  expect(await shown(lead)).toEqual({ shown: true, version: 1, n: 2 });
});

it('a welcome whose answer is lost counts as shown when its echo comes, and only once', async () => {
  const page = await world.addPage();
  const lead = await newcomer(page);
  await queue(page, lead, 'welcome');
  world.sender.answer = () => ({ kind: 'uncertain', cause: 'lost' });
  await world.repliesOnce(page);
  expect(await shown(lead)).toMatchObject({ shown: false, n: 1 });
  const [reply] = await replies(page);
  expect(reply!.status).toBe('uncertain');
  const echo = () =>
    world.db.transaction((tx) =>
      makeReconcileEcho(world.append)(tx, { leadId: lead.id, metadata: `assent:v1:r:${reply!.uuid}:1`, mid: 'm_1' }),
    );
  expect([await echo(), await echo()]).toEqual([true, false]);
  expect(await shown(lead)).toEqual({ shown: true, version: 1, n: 2 });
  expect(await replies(page)).toMatchObject([{ status: 'accepted' }]);
});

it('asks for consent where a conversation start is not enough', async () => {
  const page = await world.addPage();
  await world.db.run(`update page set opt_in_mode = 'explicit' where id = $1`, [page.id]);
  const lead = await newcomer(page);
  await queue(page, lead, 'welcome', randomUUID(), 'de_AT');
  await world.repliesOnce(page);
  expect(templateOf(0).buttons).toMatchObject([
    { title: 'Ja, gerne Angebote', payload: 'assent:v1:consent:yes' },
    { title: 'Nein danke', payload: 'assent:v1:consent:no' },
    { type: 'web_url', title: 'Datenschutz' },
  ]);
});

it('answers in order, each with the button that undoes it', async () => {
  const page = await world.addPage();
  const lead = await world.addLead(page);
  for (const kind of ['confirm_unsubscribed', 'confirm_subscribed', 'ask_subscribe', 'notice_link'] as const) {
    await queue(page, lead, kind);
  }
  await world.repliesOnce(page);
  expect(world.sender.calls).toHaveLength(4);
  expect([0, 1, 2].map((place) => templateOf(place).buttons[0]!.payload)).toEqual([
    'assent:v1:subscribe',
    'assent:v1:unsubscribe',
    'assent:v1:subscribe',
  ]);
  expect(templateOf(3).buttons[0]!.url).toBe(`https://assent.example/n/${webToken(lead.dek)}`);
});

it('tells a person what they agreed to, in their language, with the link to the proof', async () => {
  const page = await world.addPage();
  const lead = await world.addLead(page);
  await queue(page, lead, 'my_consent', randomUUID(), 'de_AT');
  await world.repliesOnce(page);
  const { text, buttons } = templateOf(0);
  expect(text).toBe('Du hast Nachrichten hier nicht zugestimmt.');
  expect(buttons).toEqual([
    {
      type: 'web_url',
      title: 'Nachweis ansehen',
      url: `https://assent.example/n/${webToken(lead.dek)}/consent`,
    },
  ]);
});

it('answers who asks for their data with the link to it, in their language', async () => {
  const page = await world.addPage();
  const lead = await world.addLead(page);
  await queue(page, lead, 'my_data', randomUUID(), 'fr_CA');
  await world.repliesOnce(page);
  expect(templateOf(0).buttons).toEqual([
    { type: 'web_url', title: 'Voir mes données', url: `https://assent.example/n/${webToken(lead.dek)}/data` },
  ]);
});

it('skips what is too old or no longer true, and still confirms to somebody who left', async () => {
  const page = await world.addPage();
  const [left, late] = await world.addLeads(page, 2);
  await world.db.run(`update lead set status = 'unsubscribed' where id = $1`, [left!.id]);
  await queue(page, left!, 'welcome');
  await queue(page, left!, 'confirm_unsubscribed');
  await queue(page, late!, 'notice_link');
  await world.db.run(`update reply set created_at = now() - interval '24 hours' where lead_id = $1`, [late!.id]);
  await world.repliesOnce(page);
  expect(world.sender.calls).toHaveLength(1);
  expect((await replies(page)).map((row) => row.reason ?? row.status)).toEqual([
    'unsubscribed',
    'accepted',
    'window_closed',
  ]);
});

it('sends a test of a broadcast with working unsubscribe, to subscribers only', async () => {
  const page = await world.addPage();
  const [lead, left] = await world.addLeads(page, 2);
  await world.db.run(`update lead set status = 'unsubscribed' where id = $1`, [left!.id]);
  const broadcast = await world.addBroadcast([page]);
  for (const to of [lead!, left!]) {
    await world.db.transaction((tx) =>
      queueTestReply(tx, {
        lead: to,
        page,
        kind: 'test',
        cause: randomUUID(),
        language: 'en',
        broadcastId: broadcast.id,
      }),
    );
  }
  await world.repliesOnce(page);
  expect(world.sender.calls.map((call) => call.psid)).toEqual([lead!.psid]);
  expect(templateOf(0)).toMatchObject({
    text: 'Hello there, "news" today',
    buttons: [{ type: 'postback', title: 'Unsubscribe', payload: 'assent:v1:unsubscribe' }],
  });
});

it('one chain of jobs works on a Page; the others end at once, and the next takes over when it is done', async () => {
  const page = await world.addPage();
  for (const lead of await world.addLeads(page, 60)) await queue(page, lead, 'ask_subscribe');
  const work = async (nudge: string): Promise<number> => {
    for (let turns = 0; ; turns += 1) {
      const result = await world.repliesOnce(page, nudge);
      if (result.kind === 'idle') return turns;
      if (result.kind === 'wait') await new Promise((resolve) => setTimeout(resolve, result.delayMs));
    }
  };
  const turns = await Promise.all(['one', 'two', 'three', 'four'].map(work));
  expect(turns.filter((count) => count > 0)).toHaveLength(1);
  expect(world.sender.calls).toHaveLength(60);
  expect(new Set(world.sender.calls.map((call) => call.psid)).size).toBe(60);
  expect(new Set((await replies(page)).map((row) => row.status))).toEqual(new Set(['accepted']));
  await queue(page, await world.addLead(page), 'ask_subscribe');
  expect(await work('five')).toBeGreaterThan(0);
  expect(world.sender.calls).toHaveLength(61);
});

it('a reply queued while the chain ends is not forgotten', async () => {
  const page = await world.addPage();
  const lead = await world.addLead(page);
  await queue(page, lead, 'ask_subscribe');
  world.sender.answer = async (call) => {
    world.sender.answer = accepted;
    await queue(page, lead, 'notice_link');
    expect(await world.repliesOnce(page, 'another')).toEqual({ kind: 'idle' });
    return accepted(call);
  };
  expect(await world.repliesOnce(page)).toEqual({ kind: 'continue' });
  expect(await world.repliesOnce(page)).toEqual({ kind: 'continue' });
  expect(await world.repliesOnce(page)).toEqual({ kind: 'idle' });
  expect(world.sender.calls).toHaveLength(2);
});

it('looks once more after giving up its place', async () => {
  const page = await world.addPage();
  const lead = await world.addLead(page);
  const db = {
    ...world.db,
    run: async (text: string, values?: readonly unknown[]) => {
      // Committed after this chain has seen that nothing is due, and its own job found the place taken.
      if (text.includes('insert into page_lane')) await queue(page, lead, 'ask_subscribe');
      return world.db.run(text, values);
    },
  };
  const send = makeSendReplies({ ...world.deps, db });
  expect(await send({ pageId: page.uuid, nudge: 'one' }, new AbortController().signal)).toEqual({ kind: 'continue' });
});

it('two claims at once never take the same reply', async () => {
  const page = await world.addPage();
  for (const lead of await world.addLeads(page, 20)) await queue(page, lead, 'ask_subscribe');
  const free = () => world.db.run('update page_lane set holder = null where page_id = $1 and lane = 2', [page.id]);
  await Promise.all([
    world.repliesOnce(page, 'one'),
    new Promise((resolve) => setTimeout(resolve, 1)).then(free).then(() => world.repliesOnce(page, 'two')),
  ]);
  await free();
  for (let turn = 0; turn < 5; turn += 1) await world.repliesOnce(page, 'three');
  expect(new Set(world.sender.calls.map((call) => call.uuid)).size).toBe(20);
  expect(world.sender.calls).toHaveLength(20);
});

it.each<[string, SendOutcome, string]>([
  ['throttled', { kind: 'throttled', scope: 'page', code: 613, subcode: null, retryAfterMs: null }, 'pending'],
  ['refused for the token', { kind: 'page-stopped', errorClass: 'page-token', code: 190, subcode: null }, 'pending'],
])('a Page that is %s makes no further call', async (_what, outcome, rest) => {
  const page = await world.addPage(5);
  for (const lead of await world.addLeads(page, 3)) await queue(page, lead, 'ask_subscribe');
  world.sender.answer = () => outcome;
  await world.repliesOnce(page);
  const again = await world.repliesOnce(page);
  expect(again.kind).toBe(outcome.kind === 'throttled' ? 'wait' : 'idle');
  expect(world.sender.calls).toHaveLength(1);
  expect((await replies(page)).map((row) => row.status)).toEqual([rest, 'pending', 'pending']);
});

it('replies take their turns in the pace of the Page', async () => {
  const page = await world.addPage(11);
  for (const lead of await world.addLeads(page, 4)) await queue(page, lead, 'ask_subscribe');
  await world.repliesOnce(page);
  const starts = world.sender.calls.map((call) => call.atMs);
  expect(starts).toHaveLength(4);
  expect(starts[3]! - starts[0]!).toBeGreaterThanOrEqual(3 * 105 - 50);
});
