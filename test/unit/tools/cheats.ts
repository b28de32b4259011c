import type { Fields, Step } from '../../support/bundle-fixture';
import { DAY_MS, event, HOUR_MS, START, type Plan } from './bundle-world';

const MINUTE_MS = 60_000;

export type Cheat = readonly [
  name: string,
  change: (plan: Plan) => Record<string, Step>,
  level: number,
  sentence: RegExp,
];

const more = (step: { fields: (before: readonly string[]) => Fields }, extra: Fields): void => {
  const { fields: given } = step;
  step.fields = (before) => ({ ...given(before), ...extra });
};
const change =
  (work: (plan: Plan) => void): Cheat[1] =>
  (plan) => {
    work(plan);
    return plan;
  };
const without =
  (...names: readonly (keyof Plan)[]): Cheat[1] =>
  (plan) =>
    Object.fromEntries(Object.entries(plan).filter(([name]) => !names.includes(name as keyof Plan)));
const iso = (ms: number): string => new Date(ms).toISOString();

/** What only a log can try that writes its entries so from the start: everything below is validly logged and signed. */
export const CHEATS: readonly Cheat[] = [
  [
    'an opt-in dated back',
    change(({ optIn }) => {
      optIn.at -= 5 * DAY_MS;
      more(optIn, { event_at: iso(optIn.at) });
    }),
    2,
    /dated back/,
  ],
  ['an entry dated ahead', change(({ shown }) => (shown.at += 3 * HOUR_MS)), 2, /dated ahead/],
  [
    'an act dated back by three days',
    change(({ optIn }) => more(optIn, { event_at: iso(START - 3 * DAY_MS) })),
    2,
    /more than 48 hours before/,
  ],
  [
    'an act dated after its entry',
    change(({ optIn }) => more(optIn, { event_at: iso(START + HOUR_MS) })),
    2,
    /dated after it was written/,
  ],
  ['a message dated back', change(({ second }) => (second.at -= HOUR_MS)), 2, /dated back/],
  [
    'a message after a withdrawal that it counts',
    change(({ second }) => {
      second.n = 3;
      second.grant = 1;
    }),
    3,
    /passed over|after a withdrawal|had been withdrawn/,
  ],
  [
    'a message after a withdrawal that it does not count',
    (plan) => {
      plan.second.n = 2;
      plan.second.grant = 1;
      const { back, ...rest } = plan;
      const { after, second, ...start } = rest;
      return { ...start, second, back, after };
    },
    3,
    /after a withdrawal/,
  ],
  [
    'a message with no grant since the withdrawal',
    (plan) => {
      plan.second.n = 3;
      plan.second.grant = 1;
      return without('back')(plan);
    },
    3,
    /had been withdrawn/,
  ],
  [
    'a message to somebody who was not shown the notice',
    (plan) => {
      plan.first.n = 1;
      plan.second.n = 3;
      plan.second.grant = 3;
      more(plan.back, {});
      const { fields: given } = plan.back;
      plan.back.fields = (before) => ({ ...given(before), after: before[1] });
      return without('shown')(plan);
    },
    3,
    /before the person was shown the notice/,
  ],
  [
    'a message before its consent',
    (plan) => {
      const { optIn, shown, first, ...rest } = plan;
      first.message = { consent: { c: 'ab'.repeat(32), index: 9 } };
      return {
        noise: rest.noise,
        before: rest.before,
        optIn,
        first,
        shown,
        stop: rest.stop,
        back: rest.back,
        more: rest.more,
        second: rest.second,
        after: rest.after,
      };
    },
    3,
    /the log took in later|names another consent/,
  ],
  [
    'a message that is older than its consent by more than clocks differ',
    change(({ back, second }) => (second.at = back.at - 6 * MINUTE_MS)),
    3,
    /sends\/0002 is older than its consent/,
  ],
  ['another consent', change(({ second }) => (second.grant = 1)), 3, /another consent than the one in force/],
  [
    'a wrong place of the consent',
    change(({ first }) => (first.message = { consent: { c: 'x', index: 1 } })),
    1,
    /malformed/,
  ],
  ['a chain longer than it is', change(({ second }) => (second.n = 5)), 3, /some were left out/],
  ['a chain of length 0', change(({ first }) => (first.n = 0)), 3, /some were left out/],
  ['a message to another person', change(({ first }) => (first.message = { psid: '1' })), 3, /to another person/],
  [
    'a message of another broadcast',
    change(({ first }) => (first.chunk = { broadcast: 'x' })),
    3,
    /different broadcasts/,
  ],
  ['a message by an unknown path', change(({ first }) => (first.message = { path: 'free' })), 1, /malformed/],
  [
    'a marketing message without permission',
    change(({ first }) => (first.message = { path: 'marketing' })),
    3,
    /without a live permission/,
  ],
  ['a chunk of another time', change(({ first }) => (first.chunk = { at: iso(START) })), 3, /different times/],
  [
    'a return that names another withdrawal',
    change(({ back }) => more(back, { after: 'ab'.repeat(32) })),
    3,
    /does not name the withdrawal/,
  ],
  [
    'a return that calls itself a consent',
    change(({ back }) => more(back, { kind: 'consent' })),
    3,
    /without being a return/,
  ],
  [
    'a return without a withdrawal',
    change(({ stop }) => (stop.fields = () => ({ kind: 'object', req: 'r' }))),
    3,
    /does not name the withdrawal/,
  ],
  ['a forked chain', change(({ back }) => (back.subject = { prev: 'ab'.repeat(32) })), 3, /the chain was forked/],
  ['a gap in the numbers', change(({ back }) => (back.subject = { n: 5 })), 3, /entry 4 of the chain/],
  ['an entry about another person', change(({ shown }) => more(shown, { psid: '1' })), 3, /about another person/],
  [
    'an entry of another chain',
    change(({ shown }) => (shown.subject = { ref: 'f'.repeat(32) })),
    3,
    /about another person/,
  ],
  [
    'an unknown kind',
    change(({ shown }) => more(shown, { kind: 'notice_given' })),
    1,
    /a kind that this verifier does not know/,
  ],
  [
    'a kind in a list',
    change(({ stop }) => more(stop, { kind: ['withdraw'] })),
    1,
    /a kind that this verifier does not know/,
  ],
  [
    'a kind named after a property of objects',
    change(({ shown }) => more(shown, { kind: 'constructor' })),
    1,
    /does not know/,
  ],
  [
    'a grant dressed as a notice',
    change(({ optIn, shown }) => {
      more(optIn, { purposes: ['reply'] });
      more(shown, { purposes: ['marketing.broadcast'] });
    }),
    3,
    /never given/,
  ],
  ['a grant for replies only', change(({ optIn }) => more(optIn, { purposes: ['reply'] })), 3, /never given/],
  ['a grant without evidence', change(({ optIn }) => delete optIn.event), 1, /lacks the field evidence/],
  ['an entry of another log', change(({ shown }) => more(shown, { log: 'other' })), 1, /another log/],
  ['an entry of another version', change(({ shown }) => more(shown, { v: 2 })), 1, /unknown version/],
  ['a fraction', change(({ shown }) => more(shown, { x: 1.5 })), 1, /no safe integer/],
  ['a key with capitals', change(({ shown }) => more(shown, { xY: 1 })), 1, /key that is not allowed/],
  ['half a character', change(({ shown }) => more(shown, { mid: '\ud800' })), 1, /canonical form|half of a character/],
  [
    'an event of another person',
    change(({ optIn }) => (optIn.event!.value = event(START - 1000, { sender: { id: '1' }, postback: {} }))),
    4,
    /of another person/,
  ],
  [
    'an event of another Page',
    change(({ optIn }) => (optIn.event!.value = event(START - 1000, { recipient: { id: '1' }, postback: {} }))),
    4,
    /of another Page/,
  ],
  [
    'an event of another time',
    change(({ optIn }) => (optIn.event!.value = event(START - 2000, { postback: {} }))),
    4,
    /at another time/,
  ],
  [
    'an act moved to when it arrived',
    change(({ optIn }) => {
      optIn.event!.value = event(START - DAY_MS, { postback: {} });
      more(optIn, { event_at: iso(START) });
    }),
    4,
    /at another time/,
  ],
  [
    'an event of another kind',
    change(({ optIn }) => (optIn.event!.value = event(START - 1000, { read: {} }))),
    4,
    /of another kind/,
  ],
  [
    'a grant resting on an event that names nobody',
    change(({ optIn }) => (optIn.event!.value = { postback: {} })),
    4,
    /names no person/,
  ],
  [
    'a checkpoint before that is none',
    (plan) => {
      const { before, optIn, ...rest } = plan;
      return {
        noise: rest.noise,
        optIn,
        before,
        shown: rest.shown,
        first: rest.first,
        stop: rest.stop,
        back: rest.back,
        second: rest.second,
        after: rest.after,
      };
    },
    1,
    /already holds an entry/,
  ],
];
