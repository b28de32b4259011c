import {
  jsonOf,
  makeBundle,
  manyOf,
  signerOf,
  withManifest,
  type Files,
  type Step,
} from '../../support/bundle-fixture';
import { makeTestTsa, type TestTsa } from '../../support/test-tsa';
import { reasonsOf, statesOf, type Verdict } from '../../support/verifier';
import { type Auditor, bundleOf, CAST, openAuditor, type Plan, START, witnessedPlan } from './bundle-world';

let tsa: TestTsa;
let auditor: Auditor;
const TRUSTING = ['--key', CAST.log.vkey, '--witness', CAST.witness.vkey];
const MINUTE_MS = 60_000;
const OTHERS: Step = { do: 'others' };

beforeAll(() => {
  tsa = makeTestTsa();
  auditor = openAuditor();
});
afterAll(() => {
  auditor.close();
  tsa.close();
});

const plan = (): Plan => witnessedPlan(tsa);
const order = (verdict: Verdict): string => reasonsOf(verdict, 3);

let given = 0;
const judge = (bundle: Files | Buffer, ...others: readonly (Files | Buffer)[]): Promise<Verdict> => {
  const bytes = (one: Files | Buffer): Buffer => (Buffer.isBuffer(one) ? one : jsonOf(one));
  const options = others.flatMap((one) => ['--earlier', auditor.file(`other-${String((given += 1))}`, bytes(one))]);
  return auditor.judge(bytes(bundle), [...TRUSTING, ...options]);
};

/** Opt-in, notice, message, withdrawal; the log goes on for some entries of others. */
function untilStop(goesOn: number, isHidden: boolean): Files {
  const { noise, before, optIn, shown, between, first, stop, after } = plan();
  stop.isLeftOut = isHidden;
  const others = Array.from({ length: goesOn }, () => OTHERS);
  return makeBundle(CAST, [noise, before, optIn, shown, between, first, stop, ...others, after]);
}

/** After the withdrawal the log takes in a second entry 3; whoever asks is shown one branch or the other, each whole. */
function forked(branch: 'one' | 'other'): Files {
  const { noise, before, optIn, shown, between, first, stop, second, after } = plan();
  stop.isLeftOut = branch === 'other';
  const again: Plan['shown'] = { ...shown, at: START + 3 * MINUTE_MS, follows: 2, isLeftOut: branch === 'one' };
  Object.assign(second, { n: 3, grant: 1 });
  const messages = branch === 'other' ? [second] : [OTHERS];
  return makeBundle(CAST, [noise, before, optIn, shown, between, first, stop, again, ...messages, after]);
}

describe('a withdrawal that is kept out at the end of a chain, with a chain.json that fits', () => {
  it('cannot be seen in one bundle, and shows against an earlier one', async () => {
    const hiding = untilStop(3, true);
    const alone = await judge(hiding);
    expect([alone.exit, statesOf(alone)]).toEqual([0, 'PASS PASS PASS PASS ABSENT']);
    const compared = await judge(hiding, untilStop(0, false));
    expect([compared.exit, statesOf(compared)]).toEqual([1, 'PASS PASS FAIL PASS ABSENT']);
    expect(order(compared)).toContain(
      'this bundle hides entry 3 (withdraw) of this person, which other bundle 1 shows',
    );
  });

  it('shows against one of the same moment, against a later one, and when the hiding one is the other', async () => {
    const verdicts = await Promise.all([
      judge(untilStop(0, true), untilStop(0, false)),
      judge(untilStop(0, true), untilStop(3, false)),
      judge(untilStop(0, false), untilStop(3, true)),
      judge(untilStop(0, false), untilStop(0, false), untilStop(3, true)),
    ]);
    expect(verdicts.map((verdict) => [verdict.exit, order(verdict)])).toEqual(
      verdicts.map(() => [1, expect.stringContaining('hides entry 3 (withdraw)') as string]),
    );
    expect(order(verdicts[3])).toContain('other bundle 2 hides');
  });

  it('shows against a bundle about many, and in one, by its record', async () => {
    const many = manyOf([untilStop(0, false)], CAST.log);
    for (const other of [many.zip, many.ndjson]) {
      const verdict = await judge(untilStop(3, true), other);
      expect(order(verdict)).toContain('which other bundle 1, record 1, shows');
    }
    const both = manyOf([untilStop(0, true), untilStop(0, false)], CAST.log).ndjson;
    expect(order(await judge(both, both))).toContain('record 1, hides entry 3');
  });
});

describe('a chain that was forked, with both branches whole', () => {
  it('passes alone, and fails when the branches meet', async () => {
    const [one, other] = [forked('one'), forked('other')];
    const alone = await Promise.all([judge(one), judge(other)]);
    expect(alone.map(({ exit }) => exit)).toEqual([0, 0]);
    const met = await Promise.all([judge(one, other), judge(other, one)]);
    expect(met.map((verdict) => [verdict.exit, order(verdict)])).toEqual(
      met.map(() => [
        1,
        expect.stringMatching(/two versions of this person's chain: they differ in entry 3/) as string,
      ]),
    );
  });

  it('fails when the second version bears another reference', async () => {
    const second = bundleOf(renamed(plan(), 'f'));
    const verdict = await judge(bundleOf(plan()), second);
    expect([verdict.exit, order(verdict)]).toEqual([1, expect.stringContaining('with different references')]);
  });

  it('fails when the whole log was forked', async () => {
    const rewritten = plan();
    rewritten.shown.at += 1_000;
    const verdict = await judge(bundleOf(plan()), bundleOf(rewritten));
    expect([verdict.exit, verdict.levels[0]!.reasons.join()]).toEqual([
      1,
      expect.stringMatching(/hold different logs of 3 entries: the log was forked/),
    ]);
  });
});

/** The same plan with a reference of its own in every entry and message. */
function renamed(steps: Plan, digit: string): Plan {
  const ref = digit.repeat(32);
  for (const step of Object.values(steps)) {
    if (step.do === 'entry') step.subject = { ref };
    if (step.do === 'sends') step.message = { subject: { ref, n: step.n } };
  }
  return steps;
}

describe('an honest other bundle', () => {
  it('passes, older or newer, about one or many', async () => {
    const whole = bundleOf(plan());
    const { noise, before, optIn, shown, between, first, after } = plan();
    after.witnessedAt = START + 2 * MINUTE_MS;
    const early = makeBundle(CAST, [noise, before, optIn, shown, between, first, after]);
    const many = manyOf([whole], CAST.log);
    const verdicts = await Promise.all([
      judge(whole, early),
      judge(early, whole),
      judge(whole, early, many.zip, many.ndjson),
    ]);
    expect(verdicts.map((verdict) => [verdict.exit, order(verdict), verdict.compared])).toEqual(
      verdicts.map(() => [0, '', 1]),
    );
  });

  it('of somebody who was erased and came back leaves the erasure to the word of the operator', async () => {
    const old = untilStop(0, false);
    const others = Array.from({ length: 7 }, () => OTHERS);
    const back = makeBundle(CAST, [...others, ...Object.values(renamed(plan(), 'f'))]);
    const verdict = await judge(back, old);
    expect([verdict.exit, order(verdict)]).toEqual([2, '']);
    expect(verdict.notes.join()).toContain("that they were erased in between is the operator's word");
  });

  it('about other people compares nothing, and that is said', async () => {
    const steps = plan();
    for (const step of Object.values(steps))
      if (step.do === 'entry' && step.event !== undefined)
        step.event.value = Object.assign({}, step.event.value, { sender: { id: '99' } });
    const others = Array.from({ length: 20 }, () => OTHERS);
    const stranger = makeBundle({ ...CAST, psid: '99' }, [...others, ...Object.values(steps)]);
    const verdict = await judge(bundleOf(plan()), stranger);
    expect([verdict.exit, verdict.compared, verdict.notes.join()]).toEqual([
      0,
      0,
      expect.stringContaining('nothing was compared'),
    ]);
  });
});

it('another bundle that is hostile ends in FAIL, never in a crash', async () => {
  const whole = bundleOf(plan());
  const foreign = withManifest(whole, signerOf(CAST.log.name, Buffer.alloc(32, 9)));
  const hostile = [
    Buffer.alloc(0),
    Buffer.from('PK'),
    Buffer.from('{"common":{}}\n'),
    Buffer.from('['.repeat(100_000)),
    jsonOf(whole).subarray(0, 5_000),
    jsonOf(foreign),
  ];
  const verdicts = await Promise.all(hostile.map((other) => judge(whole, other)));
  expect(verdicts.map(({ exit, levels }) => [exit, levels[0]!.reasons.join()])).toEqual(
    hostile.map(() => [1, expect.stringMatching(/^other bundle 1: /) as string]),
  );
  const none = await auditor.judge(jsonOf(whole), [...TRUSTING, '--earlier', 'no-such-file']);
  expect(none.exit).toBe(1);
});
