import { jcs, jsonOf, sha256, withManifest, type EntryStep, type Files, type Step } from '../../support/bundle-fixture';
import { makeTestTsa, type TestTsa } from '../../support/test-tsa';
import { reasonsOf, type Verdict } from '../../support/verifier';
import {
  type Auditor,
  bundleOf,
  CAST,
  DAY_MS,
  event,
  HOUR_MS,
  objection,
  openAuditor,
  type Plan,
  START,
  witnessedPlan,
} from './bundle-world';
import { edit, put } from './tamperings';

let tsa: TestTsa;
let auditor: Auditor;
const TRUSTING = ['--key', CAST.log.vkey, '--witness', CAST.witness.vkey];
const MINUTE_MS = 60_000;

beforeAll(() => {
  tsa = makeTestTsa();
  auditor = openAuditor();
  auditor.file('secret', CAST.secret);
});
afterAll(() => {
  auditor.close();
  tsa.close();
});

const planned = (): Plan => witnessedPlan(tsa);
const judge = (files: Files, args: readonly string[] = []): Promise<Verdict> =>
  auditor.judgeFast(jsonOf(files), [...TRUSTING, ...args]);
const iso = (ms: number): string => new Date(ms).toISOString();
const START_TAP = { postback: { payload: 'assent:v1:start' } };
const say = (text: string) => ({ message: { text } });

/** The entry happens, arrives and is written at these times, by this event. */
function move(step: EntryStep, happened: number, written: number, what: Record<string, unknown>): void {
  const { fields } = step;
  step.at = written;
  step.event = { ...step.event!, value: event(happened, what) };
  step.fields = (before) => ({ ...fields(before), event_at: iso(happened) });
}

describe('a message after a withdrawal that the log took in behind it', () => {
  /** Opt-in, a message two hours later, and then the leaf of a withdrawal. */
  const leaving = (happened: number, written: number): Files => {
    const { noise, before, optIn, shown, between, first, stop, after } = planned();
    const sent = { ...first, at: START + 2 * HOUR_MS };
    move(stop, happened, written, say('STOP'));
    after.witnessedAt = START + 3 * HOUR_MS;
    return bundleOf({ noise, before, optIn, shown, between, sent, stop, after });
  };

  it('fails when the withdrawal was written before it', async () => {
    const verdict = await judge(leaving(START + MINUTE_MS, START + 2 * MINUTE_MS));
    expect([verdict.exit, reasonsOf(verdict, 3)]).toEqual([
      1,
      expect.stringContaining('after a withdrawal that it does not'),
    ]);
  });

  it('passes within the skew of clocks', async () => {
    const late = START + 2 * HOUR_MS - 4 * MINUTE_MS;
    expect((await judge(leaving(late, late))).exit).toBe(0);
  });

  it('rests on the word of the operator when only the act came before', async () => {
    const verdict = await judge(leaving(START + MINUTE_MS, START + 2 * HOUR_MS + MINUTE_MS));
    expect([verdict.exit, verdict.notes.join()]).toEqual([2, expect.stringContaining('after the person had left')]);
  });

  it('and times that run backwards along the chain fail', async () => {
    const plan = planned();
    delete plan.between.witnessedAt;
    delete plan.before.witnessedAt;
    plan.stop.at = START - 6 * MINUTE_MS;
    const verdict = await judge(bundleOf(plan));
    expect([verdict.exit, reasonsOf(verdict, 3)]).toEqual([1, expect.stringContaining('written before an entry that')]);
    plan.stop.at = START - 2 * MINUTE_MS;
    expect(reasonsOf(await judge(bundleOf(plan)), 3)).toBe('');
  });

  it('whose consent was written by a clock a moment ahead passes', async () => {
    const plan = planned();
    plan.second.at = plan.back.at - 1;
    expect((await judge(bundleOf(plan))).exit).toBe(0);
  });

  it('that was authorised before fails as the same attempt', async () => {
    const plan = planned();
    const again = { delivery: '7b0ad1ce-0000-4000-8000-00000000000a', attempt: 1 };
    plan.first.message = again;
    plan.second.message = again;
    expect(reasonsOf(await judge(bundleOf(plan)), 3)).toContain('sends/0002 was authorised twice');
    plan.second.message = { ...again, attempt: 2 };
    expect((await judge(bundleOf(plan))).exit).toBe(0);
  });

  it.each<[string, unknown]>([
    ['is missing', undefined],
    ['is nothing', null],
    ['is a list', []],
    ['is an object', {}],
    ['is words', '1'],
    ['is none', 0],
    ['lies before the first', -1],
  ])('of which the number of the attempt %s fails', async (_what, attempt) => {
    const plan = planned();
    plan.second.message = { attempt };
    const verdict = await judge(bundleOf(plan));
    expect([verdict.exit, reasonsOf(verdict, 1)]).toEqual([
      1,
      expect.stringContaining('sends/0002.message.json is malf'),
    ]);
  });
});

describe('the wish never to be written to again', () => {
  const WISH = objection(START + 4 * MINUTE_MS);
  const level3 = async (steps: Record<string, Step>): Promise<unknown[]> => {
    const verdict = await judge(bundleOf(steps));
    return [verdict.exit, reasonsOf(verdict, 3)];
  };
  const refused = (sentence: string): unknown[] => [1, expect.stringContaining(sentence)];
  /** Opt-in, notice and message, and what may come then. */
  const parts = () => {
    const { noise, before, optIn, shown, between, first, ...later } = planned();
    return { ...later, begun: { noise, before, optIn, shown, between, first } };
  };
  const NEVER = 'although the person had asked never to be written to again';

  it('may be the end of a chain', async () => {
    const { begun, stop, after } = parts();
    expect(await level3({ ...begun, stop, WISH, after })).toEqual([0, '']);
  });

  it('lets no message go that counts it', async () => {
    const { begun, second, after } = parts();
    Object.assign(second, { n: 3, grant: 1 });
    expect(await level3({ ...begun, WISH, second, after })).toEqual(refused(`sends/0002 was authorised ${NEVER}`));
  });

  it('is not undone by a consent or a return behind it', async () => {
    const { begun, stop, back, second, after } = parts();
    Object.assign(second, { n: 5, grant: 5 });
    expect(await level3({ ...begun, stop, WISH, back, second, after })).toEqual(refused(`${NEVER} (entries/0004)`));
    const { fields } = back;
    const consent: EntryStep = {
      ...back,
      fields: (before) => {
        const given = Object.entries(fields(before)).filter(([name]) => !['basis', 'after'].includes(name));
        return { ...Object.fromEntries(given), kind: 'consent' };
      },
    };
    Object.assign(second, { n: 4, grant: 4 });
    expect(await level3({ ...begun, WISH, consent, second, after })).toEqual(refused(`${NEVER} (entries/0003)`));
  });

  it('is passed over by no message behind it, and by none that was authorised before the log took it in', async () => {
    const { begun, second, after } = parts();
    Object.assign(second, { n: 2, grant: 1 });
    expect(await level3({ ...begun, WISH, second, after })).toEqual(
      refused('a message after the wish never to be written to again'),
    );
    second.at = START + 20 * MINUTE_MS;
    after.witnessedAt = START + 30 * MINUTE_MS;
    const early = objection(second.at - 6 * MINUTE_MS);
    expect(await level3({ ...begun, second, early, after })).toEqual(
      refused('after the wish never to be written to again that it does not count'),
    );
  });
});

describe('a grant by an event that served before', () => {
  it('fails, whether its piece, its place or only its bytes are the same', async () => {
    const optIn = planned().optIn.event!.value;
    const plan = planned();
    plan.optIn.event!.value = event(START - 1_000, say('START'));
    const { fields } = plan.back;
    plan.optIn.fields = (before) => ({ ...planned().optIn.fields(before), via: 'first_message' });
    plan.back.event!.value = plan.optIn.event!.value;
    plan.back.fields = (before) => ({ ...fields(before), event_at: iso(START - 1_000) });
    plan.stop.event!.value = event(START - 2_000, say('STOP'));
    plan.stop.fields = () => ({ kind: 'withdraw', via: 'keyword', event_at: iso(START - 2_000) });
    const verdict = await judge(bundleOf(plan));
    expect([verdict.exit, reasonsOf(verdict, 3)]).toEqual([
      1,
      expect.stringContaining('nobody acts twice by one event'),
    ]);
    plan.back.event!.others = 1;
    const elsewhere = await judge(bundleOf(plan));
    expect([reasonsOf(elsewhere, 3), reasonsOf(elsewhere, 4)]).toEqual([
      '',
      expect.stringContaining('nobody acts twice'),
    ]);
    expect(optIn).not.toEqual(plan.optIn.event!.value);
  });

  it('passes as the pair that the server makes of a tap which opens a conversation', async () => {
    const pair = (purposes: readonly string[]): Files => {
      const { noise, before, optIn, shown, between, first, after } = planned();
      const act = event(START - 1_000, { optin: { type: 'notification_messages' } });
      const { fields } = optIn;
      const opening = { ...optIn, event: { ...optIn.event!, value: act } };
      opening.fields = (chain) => ({ ...fields(chain), via: 'marketing_optin', purposes });
      const consent: Step = {
        ...opening,
        fields: (chain) => {
          const given = Object.entries(fields(chain)).filter(([name]) => name !== 'basis');
          return { ...Object.fromEntries(given), kind: 'consent', via: 'marketing_optin' };
        },
      };
      return bundleOf({ noise, before, opening, consent, shown, between, first: { ...first, n: 3, grant: 2 }, after });
    };
    const verdicts = await Promise.all([judge(pair(['reply'])), judge(pair(['marketing.broadcast']))]);
    expect(verdicts.map((verdict) => [verdict.exit, reasonsOf(verdict, 3)])).toEqual([
      [0, ''],
      [1, expect.stringContaining('nobody acts twice')],
    ]);
  });

  it('is no return when it happened before the withdrawal', async () => {
    const plan = planned();
    move(plan.back, plan.stop.at - 1_000, plan.back.at, say('START'));
    const verdict = await judge(bundleOf(plan));
    expect([verdict.exit, reasonsOf(verdict, 3)]).toEqual([
      1,
      expect.stringContaining('happened before the withdrawal'),
    ]);
    move(plan.back, plan.stop.at - 999, plan.back.at, say('START'));
    expect((await judge(bundleOf(plan))).exit).toBe(0);
  });

  it('does not begin a chain as a consent', async () => {
    const { optIn, ...plan } = planned();
    const { fields } = optIn;
    optIn.fields = (before) => ({ ...fields(before), kind: 'consent', via: 'button' });
    expect(reasonsOf(await judge(bundleOf({ optIn, ...plan })), 3)).toContain('cannot be the beginning of a chain');
  });

  it.each([
    [
      'a withdrawal by nothing known',
      (plan: ReturnType<typeof planned>) => (plan.stop.fields = () => ({ kind: 'withdraw', via: 'wish' })),
    ],
    [
      'a permission of no known state',
      (plan: ReturnType<typeof planned>) =>
        (plan.shown.fields = () => ({ kind: 'token', state: 'sold', expires: null, token_sha256: 'ab'.repeat(32) })),
    ],
  ])('nor is %s an act', async (_name, change) => {
    const plan = planned();
    change(plan);
    delete plan.stop.event;
    expect(reasonsOf(await judge(bundleOf(plan)), 3)).toContain('no such act');
  });
});

describe('when an act happened', () => {
  it('counts for the wait, not when it was written down', async () => {
    const plan = planned();
    for (const step of [plan.before, plan.between]) delete step.witnessedAt;
    move(plan.optIn, START - 47 * HOUR_MS, START - 2 * HOUR_MS, START_TAP);
    const soon = { ...plan, after: { ...plan.after, witnessedAt: START + 6 * MINUTE_MS } };
    expect((await judge(bundleOf(soon))).exit).toBe(0);
    const late = { ...plan, after: { ...plan.after, witnessedAt: START + 2 * HOUR_MS } };
    const verdict = await judge(bundleOf(late));
    expect([verdict.exit, verdict.notes.join()]).toEqual([2, expect.stringContaining('entries/0001 says')]);
  });

  it('may lie further back for a return than for an opening', async () => {
    const plan = planned();
    for (const step of [plan.before, plan.between]) delete step.witnessedAt;
    move(plan.optIn, START - 4 * DAY_MS, START - 4 * DAY_MS, START_TAP);
    plan.shown.at = plan.optIn.at;
    plan.first.at = plan.optIn.at + 1_000;
    move(plan.stop, START - 3 * DAY_MS, START - 3 * DAY_MS, say('STOP'));
    move(plan.back, START - 50 * HOUR_MS, plan.back.at, say('START'));
    const verdict = await judge(bundleOf(plan));
    expect([verdict.exit, reasonsOf(verdict, 2), reasonsOf(verdict, 3)]).toEqual([2, '', '']);
  });

  it('is measured from the arrival, however long the server took', async () => {
    const plan = planned();
    delete plan.before.witnessedAt;
    const happened = START - 47.9 * HOUR_MS;
    move(plan.optIn, happened, START, START_TAP);
    plan.optIn.evidence = { at: iso(START - 18 * MINUTE_MS) };
    expect(reasonsOf(await judge(bundleOf(plan)), 2)).toBe('');
    move(plan.optIn, happened - 12 * MINUTE_MS, START, START_TAP);
    expect(reasonsOf(await judge(bundleOf(plan)), 2)).toBe('');
    move(plan.optIn, happened - 30 * MINUTE_MS, START, START_TAP);
    expect(reasonsOf(await judge(bundleOf(plan)), 2)).toContain('more than 48 hours before it arrived');
    plan.optIn.evidence = { at: iso(START + 6 * MINUTE_MS) };
    move(plan.optIn, START, START, START_TAP);
    expect(reasonsOf(await judge(bundleOf(plan)), 2)).toContain('arrived after it was written');
  });

  it('begins nothing when it lies behind its arrival, and counts as of the arrival later on', async () => {
    const plan = planned();
    plan.optIn.event!.value = event(START + HOUR_MS, START_TAP);
    const { fields } = plan.optIn;
    plan.optIn.fields = (before) => ({ ...fields(before), event_at: iso(START) });
    expect(reasonsOf(await judge(bundleOf(plan)), 4)).toContain('begins nothing');
    const later = planned();
    const { fields: back } = later.back;
    later.back.fields = (before) => ({ ...back(before), event_at: iso(later.back.at) });
    later.back.event!.value = event(later.back.at + HOUR_MS, say('START'));
    const verdict = await judge(bundleOf(later));
    expect([verdict.exit, verdict.levels[3]!.state]).toEqual([2, 'ABSENT']);
    later.back.event!.value = event(later.back.at + MINUTE_MS, say('START'));
    expect(reasonsOf(await judge(bundleOf(later)), 4)).toContain('at another time');
  });

  it('is no proof when the event of a grant does not say it', async () => {
    const plan = planned();
    plan.optIn.event!.value = event(START, { ...START_TAP, timestamp: undefined });
    const { fields } = plan.optIn;
    expect(reasonsOf(await judge(bundleOf(plan)), 4)).toContain('at another time');
    plan.optIn.fields = (before) => ({ ...fields(before), event_at: iso(START) });
    const verdict = await judge(bundleOf(plan));
    expect([verdict.exit, verdict.levels[3]!.state]).toEqual([2, 'ABSENT']);
    expect(verdict.notes.join()).toContain('does not itself say when the act happened');
  });
});

describe('a webhook', () => {
  /** An opt-in that rests on these bytes, of which the second piece is the event. */
  const resting = (head: string, tail: string, said: Record<string, string> = {}): Files => {
    const plan = planned();
    const { fields } = plan.optIn;
    const own = Buffer.from(JSON.stringify(plan.optIn.event!.value));
    const nonce = Buffer.alloc(64, 1);
    const pieces = [Buffer.from(head), own, Buffer.from(tail)];
    const segs = pieces.map((bytes, at) => [
      at === 1 ? 'e' : 'p',
      bytes.length,
      (at === 1 ? sha256(sha256(bytes), nonce) : sha256(bytes)).toString('hex'),
    ]);
    const len = pieces.reduce((sum, { length }) => sum + length, 0);
    const forms = { hdr: `sha256=${'0'.repeat(64)}`, secret: '0'.repeat(16), ...said };
    const evidence = { alg: 'hmac-sha256', at: iso(START), i: 1, len, segs, ...forms };
    delete plan.optIn.event;
    plan.optIn.fields = (before) => ({ ...fields(before), evidence });
    const files = bundleOf(plan);
    const folder = 'evidence/0001';
    const segments = segs.map(([kind, length, hash]) => ({ kind, length, hash, present: true }));
    put(`${folder}/headers.json`, jcs({ x_hub_signature_256: forms.hdr, received_at: evidence.at }))(files);
    put(`${folder}/delivery.json`, jcs({ length: len, segments }))(files);
    pieces.forEach((bytes, at) => put(`${folder}/seg.00${String(at)}.bin`, bytes)(files));
    put(`${folder}/seg.001.nonce`, nonce)(files);
    return withManifest(files, CAST.log);
  };
  const HEAD = `{"object":"page","entry":[{"id":"${CAST.page}","messaging":[`;
  const TAIL = ']}]}';

  it.each<readonly [name: string, parts: readonly string[], said: Record<string, string>, sentence: string]>([
    ['of nothing but the event', ['', ''], {}, 'is no webhook about a Page'],
    ['that is no JSON', ['x', ''], {}, 'is not an event'],
    ['about something else', [HEAD.replace('"page"', '"user"'), TAIL], {}, 'is no webhook'],
    ['of another Page', [HEAD.replace(CAST.page, '77'), TAIL], {}, 'under its Page'],
    ['that holds it elsewhere', [HEAD.replace('messaging', 'other'), TAIL], {}, 'under its Page'],
    ['without a signature', [HEAD, TAIL], { hdr: 'none at all' }, 'malformed'],
    ['under a secret without a name', [HEAD, TAIL], { secret: 'none' }, 'malformed'],
  ])('fails %s', async (_name, parts, said, sentence) => {
    const verdict = await judge(resting(parts[0]!, parts[1]!, said));
    expect([verdict.exit, reasonsOf(verdict, 4)]).toEqual([1, expect.stringContaining(sentence)]);
  });

  it('passes in its form', async () => {
    expect((await judge(resting(HEAD, TAIL))).exit).toBe(0);
  });

  it('proves its origin only together with those of all other grants', async () => {
    const plan = planned();
    plan.optIn.event!.others = 1;
    plan.stop.event!.others = 0;
    const verdict = await judge(bundleOf(plan), ['--app-secret-file', 'secret']);
    expect([verdict.levels[4]!.state, verdict.levels[4]!.absent]).toEqual([
      'ABSENT',
      expect.stringContaining('the signatures of 1 of 2 grants were checked; 1 could not be'),
    ]);
    plan.back.event!.others = 1;
    const none = await judge(bundleOf(plan), ['--app-secret-file', 'secret']);
    expect([none.exit, none.levels[4]!.absent]).toEqual([0, expect.stringContaining('of 0 of 2 grants')]);
    plan.back.event!.others = 0;
    plan.optIn.event!.others = 0;
    expect((await judge(bundleOf(plan), ['--app-secret-file', 'secret'])).levels[4]!.state).toBe('PASS');
  });
});

describe('the end of the log', () => {
  it('rests on the word of the operator when nobody outside has seen it for days', async () => {
    const files = bundleOf(planned());
    const made = (ms: number) => judge(withManifest(files, CAST.log, { made_at: iso(ms) }));
    const word = START + 6 * MINUTE_MS;
    const [soon, late] = await Promise.all([made(word + 2 * DAY_MS), made(word + 2 * DAY_MS + 1)]);
    expect([soon.exit, late.exit]).toEqual([0, 2]);
    expect(late.log).toEqual({ size: 8, made_at: iso(word + 2 * DAY_MS + 1), last_word: iso(word) });
    expect(late.notes.join()).toContain("that nothing followed is the operator's word");
    const { text } = await auditor.read(jsonOf(files), TRUSTING);
    expect(text).toMatch(/^log {4}8 entries; signed, it says, at .* the last word about it is of /m);
  });

  it('and views that nobody checks are named', async () => {
    const files = bundleOf(planned());
    put('views/summary.html', '<p>They agreed to everything.</p>')(files);
    edit('README.txt', () => 'They agreed.')(files);
    const { notes } = await judge(withManifest(files, CAST.log));
    expect(notes).toEqual(['views (summary.html, consent-record.jsonld, README.txt) are not checked']);
  });
});
