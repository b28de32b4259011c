import fc from 'fast-check';
import {
  decideConsent,
  trustedAt,
  type Act,
  type ConsentState,
  type Decision,
  type KnownLead,
} from '../../../../src/domain/consent/consent.rules';
import type { OptInMode } from '../../../../src/domain/lead-status.types';

const NOW = new Date('2026-11-23T12:00:00.000Z');
const at = (minutes: number): Date => new Date(NOW.getTime() + minutes * 60_000);

type Kind = { kind: 'stop' } | { kind: 'explicit' } | { kind: 'get_started' } | { kind: 'ordinary' };
const act = (kind: Kind['kind'], minutes: number, more: Partial<Act> = {}): Act => {
  const moment = {
    at: at(minutes),
    receivedAt: NOW,
    creates: true,
    startedBy: 'first_message',
    hasWords: true,
    ...more,
  } as const;
  if (kind === 'stop') return { ...moment, kind, via: 'keyword' };
  if (kind === 'explicit') return { ...moment, kind, via: 'button' };
  return { ...moment, kind } as Act;
};

const conversation: { optInMode: OptInMode } = { optInMode: 'conversation_start' };
const explicit: { optInMode: OptInMode } = { optInMode: 'explicit' };
const known = (status: ConsentState['status'], more: Partial<KnownLead> = {}): KnownLead => ({
  status,
  noticeShownAt: at(-60),
  explicitActAt: null,
  withdrawnAt: null,
  ...more,
});
const shape = (decision: Decision) =>
  decision.kind === 'refuse'
    ? decision.reason
    : [
        decision.kind,
        decision.state.status,
        decision.entries.map(({ kind }) => kind).join('+'),
        decision.replies.join('+'),
      ];

describe('somebody not known yet', () => {
  test.each([
    ['starts a conversation', act('ordinary', 0), conversation, false, ['create', 'subscribed', 'opt_in', 'welcome']],
    ['taps Get Started', act('get_started', 0), conversation, false, ['create', 'subscribed', 'opt_in', 'welcome']],
    [
      'starts one where consent is asked',
      act('ordinary', 0),
      explicit,
      false,
      ['create', 'reply_only', 'opt_in', 'welcome'],
    ],
    ['was suppressed', act('ordinary', 0), conversation, true, ['create', 'suppressed', 'opt_in', 'welcome']],
    ['says START', act('explicit', 0), conversation, false, ['create', 'subscribed', 'opt_in', 'welcome']],
    [
      'says START where consent is asked',
      act('explicit', 0),
      explicit,
      false,
      ['create', 'subscribed', 'opt_in+consent', 'welcome+confirm_subscribed'],
    ],
    [
      'was suppressed and says START',
      act('explicit', 0),
      conversation,
      true,
      ['create', 'subscribed', 'opt_in+consent', 'welcome+confirm_subscribed'],
    ],
    ['says STOP', act('stop', 0), conversation, false, ['create', 'unsubscribed', 'withdraw', 'confirm_unsubscribed']],
    ['only reacts', act('ordinary', 0, { creates: false }), conversation, false, 'cannot_create'],
    ['48 hours ago', act('ordinary', -48 * 60), conversation, false, ['create', 'subscribed', 'opt_in', 'welcome']],
    ['longer ago', act('ordinary', -48 * 60 - 1), conversation, false, 'stale'],
    ['5 minutes ahead', act('ordinary', 5), conversation, false, ['create', 'subscribed', 'opt_in', 'welcome']],
    ['further ahead', act('ordinary', 6), conversation, false, 'stale'],
  ] as const)('%s', (_name, first, page, suppressed, expected) => {
    expect(shape(decideConsent(null, first, page, suppressed))).toEqual(expected);
  });

  test('purposes, and what is kept of the first words', () => {
    const entry = (page: typeof explicit, suppressed: boolean, first = act('ordinary', 0)) => {
      const decision = decideConsent(null, first, page, suppressed);
      return decision.kind === 'refuse' ? null : decision.entries[0];
    };
    expect(entry(conversation, false)).toMatchObject({ purpose: 'marketing.broadcast', keepWords: true });
    expect(entry(explicit, false)).toMatchObject({ purpose: 'reply', keepWords: false });
    expect(entry(conversation, true)).toMatchObject({ purpose: 'reply', keepWords: false });
    expect(entry(explicit, false, act('get_started', 0, { hasWords: false }))).toMatchObject({ keepWords: true });
  });
});

describe('a lead', () => {
  const left = known('unsubscribed', { withdrawnAt: at(-10) });
  test.each([
    ['subscribed writes', known('subscribed'), act('ordinary', 0), ['keep', 'subscribed', '', '']],
    [
      'subscribed stops',
      known('subscribed'),
      act('stop', 0),
      ['keep', 'unsubscribed', 'withdraw', 'confirm_unsubscribed'],
    ],
    [
      'reply-only stops',
      known('reply_only'),
      act('stop', 0),
      ['keep', 'unsubscribed', 'withdraw', 'confirm_unsubscribed'],
    ],
    ['stops again', left, act('stop', 0), ['keep', 'unsubscribed', '', '']],
    ['left writes', left, act('ordinary', 0), ['keep', 'unsubscribed', '', '']],
    ['left taps Get Started', left, act('get_started', 0), ['keep', 'unsubscribed', '', 'ask_subscribe']],
    ['tapped Get Started before it left', left, act('get_started', -11), ['keep', 'unsubscribed', '', '']],
    ['left comes back', left, act('explicit', 0), ['keep', 'subscribed', 're_opt_in', 'confirm_subscribed']],
    ['said yes before it left', left, act('explicit', -11), ['keep', 'unsubscribed', '', '']],
    ['said yes as it left', left, act('explicit', -10), ['keep', 'unsubscribed', '', '']],
    [
      'reply-only says yes',
      known('reply_only'),
      act('explicit', 0),
      ['keep', 'subscribed', 'consent', 'confirm_subscribed'],
    ],
    [
      'suppressed says yes',
      known('suppressed'),
      act('explicit', 0),
      ['keep', 'subscribed', 'consent', 'confirm_subscribed'],
    ],
    ['suppressed writes', known('suppressed'), act('ordinary', 0), ['keep', 'suppressed', '', '']],
    ['subscribed says yes again', known('subscribed'), act('explicit', 0), ['keep', 'subscribed', '', '']],
    [
      'a stop before a yes',
      known('subscribed', { explicitActAt: at(-1) }),
      act('stop', -2),
      ['keep', 'subscribed', '', ''],
    ],
    [
      'a stop after a yes',
      known('subscribed', { explicitActAt: at(-2) }),
      act('stop', -1),
      ['keep', 'unsubscribed', 'withdraw', 'confirm_unsubscribed'],
    ],
    ['subscribed taps Get Started', known('subscribed'), act('get_started', 0), ['keep', 'subscribed', '', 'welcome']],
    [
      'very late stop',
      known('subscribed'),
      act('stop', -72 * 60),
      ['keep', 'unsubscribed', 'withdraw', 'confirm_unsubscribed'],
    ],
  ] as const)('%s', (_name, lead, next, expected) => {
    expect(shape(decideConsent(lead, next, conversation, false))).toEqual(expected);
  });

  const unseen = { noticeShownAt: null };
  const waiting = { welcome: true, askSubscribe: true };
  const none = { welcome: false, askSubscribe: false };
  test.each([
    ['writes', known('subscribed', unseen), act('ordinary', 0), none, 'welcome'],
    ['writes while it waits', known('subscribed', unseen), act('ordinary', 0), waiting, ''],
    ['reply-only writes', known('reply_only', unseen), act('ordinary', 0), none, 'welcome'],
    ['only reacts', known('subscribed', unseen), act('ordinary', 0, { creates: false }), none, ''],
    ['says yes again', known('subscribed', unseen), act('explicit', 0), none, 'welcome'],
    ['gives consent', known('reply_only', unseen), act('explicit', 0), none, 'welcome+confirm_subscribed'],
    ['comes back', { ...left, ...unseen }, act('explicit', 0), none, 'welcome+confirm_subscribed'],
    ['comes back while it waits', { ...left, ...unseen }, act('explicit', 0), waiting, 'confirm_subscribed'],
    ['said yes before it left', { ...left, ...unseen }, act('explicit', -11), none, ''],
    ['writes after it left', { ...left, ...unseen }, act('ordinary', 0), none, ''],
    ['stops', known('subscribed', unseen), act('stop', 0), none, 'confirm_unsubscribed'],
    ['taps Get Started', known('subscribed', unseen), act('get_started', 0), none, 'welcome'],
  ] as const)('that no welcome reached yet: %s', (_name, lead, next, underWay, replies) => {
    const decision = decideConsent(lead, next, conversation, false, underWay);
    expect(decision.kind === 'refuse' ? decision.reason : decision.replies.join('+')).toBe(replies);
  });

  test('Get Started again and again earns nothing while the answer is under way', () => {
    const tap = act('get_started', 0);
    expect(decideConsent(known('subscribed'), tap, conversation, false, waiting)).toMatchObject({ replies: [] });
    expect(decideConsent(left, tap, conversation, false, waiting)).toMatchObject({ replies: [] });
  });

  test('a clock far ahead cannot put a withdrawal out of reach', () => {
    const stop = act('stop', 600);
    expect(trustedAt(stop)).toEqual(NOW);
    expect(trustedAt(act('stop', 4))).toEqual(at(4));
    const decision = decideConsent(known('subscribed'), stop, conversation, false);
    expect(decision).toMatchObject({ state: { withdrawnAt: NOW } });
  });
});

/** Plays acts in the order of arrival and answers where the person ends. */
function play(acts: readonly Act[], page: { optInMode: OptInMode }, suppressed: boolean): ConsentState | null {
  let lead: ConsentState | null = null;
  for (const next of acts) {
    const decision = decideConsent(lead && { ...lead, noticeShownAt: null }, next, page, suppressed);
    if (decision.kind !== 'refuse') lead = decision.state;
  }
  return lead;
}

test('the order of arrival never changes where a person ends: the latest act by its own time decides', () => {
  const acts = fc.array(fc.tuple(fc.constantFrom('stop', 'explicit'), fc.integer({ min: -600, max: 5 })), {
    minLength: 1,
    maxLength: 7,
  });
  const order = fc.array(fc.nat(), { minLength: 7, maxLength: 7 });
  fc.assert(
    fc.property(acts, order, fc.constantFrom(conversation, explicit), fc.boolean(), (kinds, keys, page, suppressed) => {
      const inTime = kinds.map(([kind, minutes]) => act(kind, minutes)).sort((a, b) => a.at.getTime() - b.at.getTime());
      const shuffled = inTime
        .map((next, place) => ({ next, key: keys[place] ?? 0 }))
        .sort((a, b) => a.key - b.key)
        .map(({ next }) => next);
      const latest = Math.max(...inTime.map((next) => next.at.getTime()));
      const hasStop = inTime.some((next) => next.kind === 'stop' && next.at.getTime() === latest);
      const ends = play(shuffled, page, suppressed);
      expect(ends!.status).toBe(hasStop ? 'unsubscribed' : 'subscribed');
      expect(ends!.status).toBe(play(inTime, page, suppressed)!.status);
    }),
  );
});

test('with ordinary messages in between, nobody is subscribed against their last word', () => {
  const acts = fc.array(
    fc.tuple(fc.constantFrom('stop', 'explicit', 'ordinary', 'get_started'), fc.integer({ min: -600, max: 5 })),
    {
      minLength: 1,
      maxLength: 8,
    },
  );
  fc.assert(
    fc.property(acts, fc.constantFrom(conversation, explicit), fc.boolean(), (kinds, page, suppressed) => {
      const all = kinds.map(([kind, minutes]) => act(kind, minutes));
      const times = (kind: string): number[] =>
        all.filter((next) => next.kind === kind).map((next) => next.at.getTime());
      const ends = play(all, page, suppressed);
      const lastStop = Math.max(...times('stop'), -Infinity);
      const lastYes = Math.max(...times('explicit'), -Infinity);
      if (lastStop > -Infinity && lastStop >= lastYes) expect(ends!.status).toBe('unsubscribed');
      if (lastYes > lastStop) expect(ends!.status).toBe('subscribed');
      if (lastStop === -Infinity && lastYes === -Infinity) {
        const expected = suppressed ? 'suppressed' : page.optInMode === 'explicit' ? 'reply_only' : 'subscribed';
        expect(ends!.status).toBe(expected);
      }
    }),
  );
});

test('repeated stops make one withdrawal and one confirmation', () => {
  let lead = known('subscribed');
  let entries = 0;
  let replies = 0;
  for (const minutes of [-5, -9, -1, -3]) {
    const decision = decideConsent(lead, act('stop', minutes), conversation, false);
    if (decision.kind === 'refuse') throw new Error('refused');
    entries += decision.entries.length;
    replies += decision.replies.length;
    lead = { ...lead, ...decision.state };
  }
  expect([entries, replies]).toEqual([1, 1]);
  expect(lead.withdrawnAt).toEqual(at(-1));
});
