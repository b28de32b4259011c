import { createHash, randomUUID } from 'node:crypto';
import { appendLeadEntry, type LeadEntry } from '../../../../src/domain/consent';
import { queueReply } from '../../../../src/domain/delivery';
import { leadTransaction, lockLeadRow, openLead, webToken } from '../../../../src/domain/leads';
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

const WORDING = 'I am the automated assistant of Test Page. News once a week.';
const NEW_WORDING = 'News every day now.';
const at = (time: string): Date => new Date(`2026-11-23T${time}:00.000Z`);

const noticeOf = (version: number, body: string) => ({
  language: 'en',
  sha256: createHash('sha256').update(body).digest(),
  surface: 'messenger_welcome',
  version,
});
const FIRST = noticeOf(1, WORDING);
const SECOND = noticeOf(2, NEW_WORDING);

const inbound = (time: string) => ({
  eventAt: at(time),
  evidence: {
    receivedAt: at(time),
    header: `sha256=${'0'.repeat(64)}`,
    index: 0,
    length: 2,
    secretId: Buffer.alloc(8),
    segments: [{ kind: 'e' as const, length: 2, hash: Buffer.alloc(32) }],
  },
});
type Entry = readonly [written: string, entry: LeadEntry];
const MARKETING = ['marketing.broadcast'] as const;
const opened = (time: string, notice = FIRST, purposes: readonly ('marketing.broadcast' | 'reply')[] = MARKETING) =>
  ['12:00', { kind: 'opt_in', via: 'get_started', notice, purposes, basis: 'consent', ...inbound(time) }] as const;
const agreed = (time: string, notice = FIRST) =>
  ['12:00', { kind: 'consent', via: 'button', notice, purposes: MARKETING, ...inbound(time) }] as const;
const returned = (time: string, notice = FIRST) =>
  [
    '12:00',
    {
      kind: 're_opt_in',
      via: 'keyword',
      after: Buffer.alloc(32),
      notice,
      purposes: MARKETING,
      basis: 'consent',
      ...inbound(time),
    },
  ] as const;
const left = (time: string) => ['12:00', { kind: 'withdraw', via: 'keyword', inbound: inbound(time) }] as const;
const stopped = (time: string) => [time, { kind: 'withdraw', via: 'admin', inbound: null }] as const;
const sent = (time: string, notice = FIRST) => [time, { kind: 'notice_shown', notice, mid: 'm_welcome' }] as const;

/** A person whose chain holds these entries, each written at its time. */
async function personWith(page: WorldPage, entries: readonly Entry[]): Promise<WorldLead> {
  const lead = await world.addLead(page);
  await leadTransaction(world.deps, async (tx) => {
    let current = openLead(world.keyRing, page, (await lockLeadRow(tx, lead.id))!);
    for (const [written, entry] of entries) {
      const deps = { ...world.append, clock: { ...world.append.clock, now: () => at(written) } };
      current = (await appendLeadEntry(tx, deps, current, page, entry)).lead;
    }
  });
  return lead;
}

/** A Page whose notice has changed: the second version is in force. */
async function pageOfTwoNotices(): Promise<WorldPage> {
  const page = await world.addPage();
  await world.db.run(
    `insert into notice (page_id, version, language, surface, body, sha256, created_at)
     values ($1, 2, 'en', 'messenger_welcome', $2, $3, now())`,
    [page.id, NEW_WORDING, SECOND.sha256],
  );
  await world.db.run('update page set notice_version = 2 where id = $1', [page.id]);
  return page;
}

async function answerTo(page: WorldPage, lead: WorldLead, language: string) {
  const reply = { leadId: lead.id, pageId: page.id, kind: 'my_consent' as const, cause: randomUUID(), language };
  await world.db.transaction((tx) => queueReply(tx, reply));
  await world.repliesOnce(page);
  const { message } = world.sender.calls.at(-1)!.body as unknown as {
    message: { attachment: { payload: { text: string; buttons: object[] } } };
  };
  return message.attachment.payload;
}

const OPENED = 'You opened this conversation on 2026-11-23 09:00 UTC. It counts as agreeing to get messages here.';
const GEOEFFNET =
  'Du hast diese Unterhaltung am 2026-11-23 09:00 UTC begonnen. Das gilt als Zustimmung zu Nachrichten hier.';
const quoted = (wording: string): string => `\u201c${wording}\u201d`;

it.each<[what: string, entries: readonly Entry[], language: string, lines: readonly string[]]>([
  [
    'opened the conversation and was welcomed',
    [opened('09:00'), sent('09:01')],
    'en',
    [OPENED, 'After that, on 2026-11-23 09:01 UTC, this text was sent to you:', quoted(WORDING)],
  ],
  [
    'opened the conversation and was welcomed',
    [opened('09:00'), sent('09:01')],
    'de_AT',
    [GEOEFFNET, 'Danach, am 2026-11-23 09:01 UTC, wurde dir dieser Text gesendet:', quoted(WORDING)],
  ],
  ['opened the conversation and got no welcome', [opened('09:00')], 'en', [OPENED]],
  ['opened the conversation and got no welcome', [opened('09:00')], 'de', [GEOEFFNET]],
  [
    'read the notice and agreed by a button',
    [opened('09:00', FIRST, ['reply']), sent('09:01'), agreed('09:05')],
    'fr',
    [
      'Vous avez accepté de recevoir des messages ici le 2026-11-23 09:05 UTC.',
      'Avant cela, le 2026-11-23 09:01 UTC, ce texte vous a été envoyé :',
      quoted(WORDING),
    ],
  ],
  [
    'wrote START before any text came',
    [opened('09:00', FIRST, ['reply']), agreed('09:00'), sent('09:01')],
    'en',
    [
      'You agreed to get messages here on 2026-11-23 09:00 UTC.',
      'After that, on 2026-11-23 09:01 UTC, this text was sent to you:',
      quoted(WORDING),
    ],
  ],
  [
    'opened the conversation only',
    [opened('09:00', FIRST, ['reply']), sent('09:01')],
    'en',
    ['You have not agreed to get messages here.'],
  ],
  [
    'left by a word',
    [opened('09:00'), sent('09:01'), left('09:30')],
    'en',
    [
      'You unsubscribed on 2026-11-23 09:30 UTC. You get no more messages here.',
      OPENED,
      'After that, on 2026-11-23 09:01 UTC, this text was sent to you:',
      quoted(WORDING),
    ],
  ],
  [
    'was taken out by the Page, without a welcome',
    [opened('09:00'), stopped('09:45')],
    'de',
    ['Du hast dich am 2026-11-23 09:45 UTC abgemeldet. Du erhältst hier keine Nachrichten mehr.', GEOEFFNET],
  ],
  [
    'returned under a notice that was never sent',
    [opened('09:00'), sent('09:01'), left('09:30'), returned('10:00', SECOND)],
    'en',
    [
      'You agreed to get messages here on 2026-11-23 10:00 UTC.',
      'Before that, on 2026-11-23 09:01 UTC, this text was sent to you:',
      quoted(WORDING),
    ],
  ],
  [
    'left and returned twice, with a new notice in between',
    [
      opened('09:00'),
      sent('09:01'),
      left('09:30'),
      returned('10:00'),
      left('10:10'),
      sent('10:20', SECOND),
      returned('10:30'),
    ],
    'de',
    [
      'Du hast am 2026-11-23 10:30 UTC zugestimmt, hier Nachrichten zu erhalten.',
      'Davor, am 2026-11-23 10:20 UTC, wurde dir dieser Text gesendet:',
      quoted(NEW_WORDING),
    ],
  ],
])('tells a person who %s (%#)', async (_what, entries, language, lines) => {
  const page = await pageOfTwoNotices();
  const lead = await personWith(page, entries);
  await world.db.run(`update lead set status = 'unsubscribed' where id = $1`, [lead.id]);
  expect(await answerTo(page, lead, language)).toEqual({
    template_type: 'button',
    text: lines.join('\n'),
    buttons: [
      {
        type: 'web_url',
        title: { en: 'See the proof', fr: 'Voir la preuve' }[language] ?? 'Nachweis ansehen',
        url: `https://assent.example/n/${webToken(lead.dek)}/consent`,
      },
    ],
  });
});

it('tells of a text that was sent only once Meta took the welcome over', async () => {
  const page = await world.addPage();
  const lead = await personWith(page, [opened('09:00')]);
  const welcome = { leadId: lead.id, pageId: page.id, kind: 'welcome' as const, cause: randomUUID(), language: 'en' };
  await world.db.transaction((tx) => queueReply(tx, welcome));
  world.sender.answer = () => ({ kind: 'uncertain', cause: 'lost' });
  await world.repliesOnce(page);
  expect((await answerTo(page, lead, 'en')).text).toBe(OPENED);
  world.sender.answer = accepted;
  await world.db.transaction((tx) => queueReply(tx, { ...welcome, cause: randomUUID() }));
  await world.repliesOnce(page);
  expect((await answerTo(page, lead, 'en')).text).toMatch(/this text was sent to you:\n\u201cI am the automated/);
});

it('reads the entries of nobody else', async () => {
  const page = await world.addPage();
  await personWith(page, [opened('09:00'), sent('09:01')]);
  const other = await world.addLead(page);
  expect((await answerTo(page, other, 'en')).text).toBe('You have not agreed to get messages here.');
});
