import {
  jsonOf,
  makeBundle,
  sha256,
  withManifest,
  type EntryStep,
  type Files,
  type Step,
} from '../../support/bundle-fixture';
import { makeTestTsa, type TestTsa } from '../../support/test-tsa';
import { reasonsOf, statesOf, type Verdict } from '../../support/verifier';
import { type Auditor, CAST, changedCopy, DAY_MS, event, openAuditor, START, witnessedPlan } from './bundle-world';
import { drop } from './tamperings';

let tsa: TestTsa;
let auditor: Auditor;
beforeAll(() => {
  tsa = makeTestTsa();
  auditor = openAuditor();
});
afterAll(() => {
  auditor.close();
  tsa.close();
});

const judge = (files: Files): Promise<Verdict> =>
  auditor.judgeFast(jsonOf(files), ['--key', CAST.log.vkey, '--witness', CAST.witness.vkey]);

const TOKEN = 'permission-1';
const UNTIL = START + 200 * DAY_MS;
const SAID = 'the event says something else of the permission';
const iso = (ms: number): string => new Date(ms).toISOString();
const at = (seconds: number): number => START + seconds * 1_000;
const says = (what: object = {}): Record<string, unknown> => ({
  optin: { type: 'notification_messages', notification_messages_token: TOKEN, ...what },
});
const status = (word: unknown): Record<string, unknown> => says({ notification_messages_status: word });

interface Told {
  readonly state: string;
  readonly act: Record<string, unknown>;
  readonly fields?: Record<string, unknown>;
  /** Seconds after the opt-in. */
  readonly second?: number;
}

function tell({ state, act, fields, second = 60 }: Told): EntryStep {
  const own = { state, expires: null, token_sha256: sha256(TOKEN).toString('hex'), event_at: iso(at(second)) };
  return {
    do: 'entry',
    at: at(second + 1),
    event: { value: event(at(second), act), others: 0, kept: true },
    fields: () => ({ kind: 'token', ...own, ...fields }),
  };
}

/** A person who began a conversation, what Meta then told of its permission, and a message that went by it. */
function bundle(told: readonly (Told | EntryStep)[], path = 'marketing'): Files {
  const { noise, before, optIn, shown, after } = witnessedPlan(tsa);
  const steps = told.map((one) => ('do' in one ? one : tell(one)));
  const sends: Step = { do: 'sends', at: at(200), n: 2 + told.length, grant: 1, position: 0, of: 1, message: { path } };
  return makeBundle(CAST, [noise, before, optIn, shown, ...steps, sends, after]);
}

const outcome = (verdict: Verdict): unknown[] => [verdict.exit, reasonsOf(verdict)];

describe("Messenger's own permission", () => {
  it.each<[string, Told]>([
    ['granted', { state: 'granted', act: says() }],
    ['granted, with an empty status', { state: 'granted', act: status('') }],
    ['granted for the first time', { state: 'granted', act: says({ user_token_status: 'NOT_REFRESHED' }) }],
    ['renewed', { state: 'renewed', act: says({ user_token_status: 'Refreshed' }) }],
    ['resumed', { state: 'resumed', act: status('RESUME_NOTIFICATIONS') }],
    ['resumed, as pages of Meta write it', { state: 'resumed', act: status('Resume Notifications') }],
    [
      'granted until a time in milliseconds',
      { state: 'granted', act: says({ token_expiry_timestamp: UNTIL }), fields: { expires: iso(UNTIL) } },
    ],
    [
      'granted until a time in seconds',
      {
        state: 'granted',
        act: says({ token_expiry_timestamp: String(UNTIL / 1_000) }),
        fields: { expires: iso(UNTIL) },
      },
    ],
    [
      'granted with a number',
      {
        state: 'granted',
        act: says({ notification_messages_token: 84701234 }),
        fields: { token_sha256: sha256('84701234').toString('hex') },
      },
    ],
  ])('%s by the event it rests on, lets a message go', async (_name, told) => {
    expect(outcome(await judge(bundle([told])))).toEqual([0, '']);
  });

  it.each<[string, Told, string]>([
    ['the stop of one', { state: 'granted', act: status('STOP_NOTIFICATIONS') }, SAID],
    ['a stop, as pages of Meta write it', { state: 'resumed', act: status('STOP NOTIFICATIONS') }, SAID],
    ['a stop in small letters', { state: 'renewed', act: status('stop_notifications') }, SAID],
    ['a status that nobody knows', { state: 'granted', act: status('PAUSE') }, SAID],
    ['a return', { state: 'granted', act: status('RESUME_NOTIFICATIONS') }, SAID],
    ['a first one', { state: 'resumed', act: says() }, SAID],
    ['an opt-in of a plugin', { state: 'granted', act: { optin: { ref: 'x' } } }, SAID],
    ['words', { state: 'granted', act: { message: { text: 'hello' } } }, SAID],
    ['an event of nobody', { state: 'granted', act: { ...says(), sender: {} } }, 'the event names no person'],
    [
      'one that ends earlier',
      { state: 'granted', act: says({ token_expiry_timestamp: at(90) }), fields: { expires: iso(UNTIL) } },
      'ends at another time',
    ],
    [
      'one that names no end, and is said to end late',
      { state: 'granted', act: says(), fields: { expires: iso(UNTIL) } },
      'ends at another time',
    ],
    [
      'one of which nobody can read when it ends, and that is said to end late',
      { state: 'granted', act: says({ token_expiry_timestamp: 'soon' }), fields: { expires: iso(UNTIL) } },
      'ends at another time',
    ],
    ['one without a token', { state: 'granted', act: { optin: { type: 'notification_messages' } } }, 'names no token'],
    [
      'one with an empty token',
      {
        state: 'granted',
        act: says({ notification_messages_token: '' }),
        fields: { token_sha256: sha256('').toString('hex') },
      },
      'names no token',
    ],
    [
      'one without a token, though the entry names none either',
      { state: 'granted', act: { optin: { type: 'notification_messages' } }, fields: { token_sha256: null } },
      'names no token',
    ],
    ['one that ends', { state: 'granted', act: says({ token_expiry_timestamp: at(90) }) }, 'ends at another time'],
    [
      'one of another token',
      { state: 'granted', act: says({ notification_messages_token: 'permission-2' }) },
      'has another token',
    ],
  ])('does not rest on %s', async (_name, told, sentence) => {
    const verdict = await judge(bundle([told]));
    expect([verdict.exit, reasonsOf(verdict, 4)]).toEqual([1, expect.stringContaining(sentence)]);
  });

  it.each<[string, string, number, number, string]>([
    [
      'granted',
      'arrived long after it was written',
      100 * 86_400,
      100 * 86_400,
      'the act arrived after it was written',
    ],
    ['granted', 'happened after it was written', 360, 180, 'the act is dated after it was written'],
    [
      'stopped',
      'arrived long after it was written',
      100 * 86_400,
      100 * 86_400,
      'the act arrived after it was written',
    ],
  ])('%s by an event that %s is dated ahead', async (state, _what, happened, arrived, sentence) => {
    const act = state === 'stopped' ? status('STOP_NOTIFICATIONS') : says();
    const step = tell({ state, act, second: 60 + happened });
    const ahead: EntryStep = { ...step, at: at(60), evidence: { at: iso(at(60 + arrived)) } };
    const verdict = await judge(bundle([ahead], state === 'stopped' ? 'standard' : 'marketing'));
    expect([verdict.exit, reasonsOf(verdict, 2)]).toEqual([1, expect.stringContaining(sentence)]);
  });

  it('granted within what clocks differ is dated ahead by nobody', async () => {
    const step = tell({ state: 'granted', act: says(), second: 340 });
    expect(outcome(await judge(bundle([{ ...step, at: at(60), evidence: { at: iso(at(200)) } }])))).toEqual([0, '']);
  });

  it('that is said to have stopped rests on a stop', async () => {
    const stopped = (act: Record<string, unknown>) => judge(bundle([{ state: 'stopped', act }], 'standard'));
    expect(outcome(await stopped(status('STOP_NOTIFICATIONS')))).toEqual([0, '']);
    expect(reasonsOf(await stopped(says()), 4)).toContain(SAID);
  });

  it('that a timer ended names no webhook, and every other one does', async () => {
    const without = (state: string, fields: object = {}): EntryStep => ({
      do: 'entry',
      at: at(100),
      fields: () => ({ kind: 'token', state, expires: null, token_sha256: sha256(TOKEN).toString('hex'), ...fields }),
    });
    const granted = { state: 'granted', act: says() };
    expect(outcome(await judge(bundle([granted, without('expired')], 'standard')))).toEqual([0, '']);
    const invented = await judge(bundle([without('granted', { event_at: iso(at(99)) })]));
    expect([invented.exit, reasonsOf(invented, 4)]).toEqual([1, expect.stringContaining('names no webhook')]);
  });

  it('ends by the last word of Meta, and not by an older one', async () => {
    const granted: Told = { state: 'granted', act: says(), second: 60 };
    const stopped: Told = { state: 'stopped', act: status('STOP_NOTIFICATIONS'), second: 70 };
    const last = await judge(bundle([granted, stopped]));
    expect([last.exit, reasonsOf(last, 3)]).toEqual([1, expect.stringContaining('without a live permission')]);
    const late = { ...tell(granted), at: at(80) };
    const again = await judge(bundle([granted, stopped, late]));
    expect([again.exit, reasonsOf(again, 3)]).toEqual([1, expect.stringContaining('older than what is known')]);
    expect(outcome(await judge(bundle([granted, stopped, { ...granted, second: 80 }])))).toEqual([0, '']);
  });

  it('that ended before the message does not let it go', async () => {
    const act = says({ token_expiry_timestamp: at(90) });
    const verdict = await judge(bundle([{ state: 'granted', act, fields: { expires: iso(at(90)) } }]));
    expect([verdict.exit, reasonsOf(verdict, 3)]).toEqual([1, expect.stringContaining('without a live permission')]);
  });

  it('of which the webhook is not here rests on the word of the operator', async () => {
    const files = changedCopy(bundle([{ state: 'granted', act: says() }]), drop(/^evidence\/0003/));
    const verdict = await judge(withManifest(files, CAST.log));
    expect([verdict.exit, statesOf(verdict)]).toEqual([2, 'PASS PASS PASS ABSENT ABSENT']);
    expect(verdict.notes.join()).toContain('entries/0003 grants, and the webhook it rests on is not in the bundle');
  });
});
