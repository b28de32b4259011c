import {
  cosigned,
  inOrder,
  jsonOf,
  makeBundle,
  manyOf,
  noteOf,
  rootOf,
  sha256,
  signerOf,
  withManifest,
  zipOf,
  type Files,
  type Step,
} from '../../support/bundle-fixture';
import { makeTestTsa, type TestTsa } from '../../support/test-tsa';
import { reasonsOf, statesOf, type Verdict } from '../../support/verifier';
import {
  type Auditor,
  bundleOf,
  CAST,
  changedCopy,
  crowdOf,
  DAY_MS,
  event,
  honestPlan,
  openAuditor,
  type Plan,
  START,
} from './bundle-world';
import { CHEATS } from './cheats';
import { bend, drop, put, TAMPERINGS } from './tamperings';

let tsa: TestTsa;
let self: TestTsa;
let auditor: Auditor;
let honest: Files;
const KEY = ['--key', CAST.log.vkey];
const WITNESS = ['--witness', CAST.witness.vkey];
const TSA = ['--tsa', 'tsa.pem'];
const TRUSTING = [...KEY, ...WITNESS, ...TSA];

const plan = (): Plan => honestPlan(tsa, self);
const changed = (work: (plan: Plan) => void): Files => {
  const bent = plan();
  work(bent);
  return bundleOf(bent);
};
const judge = (files: Files, args = TRUSTING): Promise<Verdict> => auditor.judge(jsonOf(files), args);
const fast = (files: Files): Promise<Verdict> => auditor.judgeFast(jsonOf(files), TRUSTING);
const tampered = (change: (files: Files) => void): Files => changedCopy(honest, change);
const resigned = (change: (files: Files) => void): Files => withManifest(tampered(change), CAST.log);

beforeAll(() => {
  tsa = makeTestTsa();
  self = makeTestTsa();
  auditor = openAuditor();
  auditor.file('tsa.pem', tsa.authority);
  auditor.file('self.pem', self.authority);
  honest = bundleOf(plan());
});
afterAll(() => {
  auditor.close();
  tsa.close();
  self.close();
});

describe('an honest bundle', () => {
  it('is proved with independent time, as JSON and as ZIP alike', async () => {
    const verdict = await judge(honest);
    expect(reasonsOf(verdict)).toBe('');
    expect([verdict.exit, statesOf(verdict)]).toEqual([0, 'PASS PASS PASS PASS ABSENT']);
    expect(verdict.warnings).toEqual([]);
    expect(verdict.evidence.map(({ grade }) => grade)).toEqual(['E1', 'E2', 'E1']);
    expect(await auditor.judge(zipOf(inOrder(honest)), TRUSTING)).toEqual(verdict);
  });

  it('brackets each entry between the words of those whom the auditor named', async () => {
    const { brackets } = await judge(honest, [...KEY, ...WITNESS]);
    const at = (seconds: number) => new Date(START + seconds * 1000).toISOString();
    expect(brackets[0]).toMatchObject({ entry: 'entries/0001', says: at(0), after: at(-60), before: at(60) });
    expect(brackets.at(-1)).toMatchObject({ says: at(300), after: at(60), before: at(360) });
  });

  it('takes no lower limit from a word for an old checkpoint that came late, and of several by one witness the earliest', async () => {
    const late = changed(({ before }) => (before.witnessedAt = START + 400_000));
    const [first, , last] = (await judge(late, [...KEY, ...WITNESS])).brackets;
    expect([first!.after, last!.after]).toEqual([null, new Date(START + 60_000).toISOString()]);
    const twice = tampered((files) => {
      const note = files.get('checkpoints/after.note')!.toString();
      const own = note.slice(0, note.indexOf('\n', note.indexOf('\n\n') + 2) + 1);
      const again = cosigned(own, CAST.witness, START + 900_000).slice(own.length);
      const doubled = own + again + note.slice(own.length);
      for (const [name, bytes] of files)
        if (/after\.note|tlog-proof/.test(name)) files.set(name, Buffer.from(bytes.toString().replace(note, doubled)));
    });
    const verdict = await judge(withManifest(twice, CAST.log), [...KEY, ...WITNESS]);
    expect([verdict.exit, verdict.brackets.at(-1)!.before]).toEqual([0, new Date(START + 360_000).toISOString()]);
  });

  it('rests on either outside alone, and on the word of the operator when nobody is named', async () => {
    expect((await judge(honest, [...KEY, ...WITNESS])).exit).toBe(0);
    expect((await judge(honest, [...KEY, ...TSA])).exit).toBe(0);
    const alone = await judge(honest, KEY);
    expect([alone.exit, statesOf(alone)]).toEqual([2, 'PASS PASS PASS PASS ABSENT']);
    expect(alone.notes.join()).toMatch(/no authority you named.*a witness that you did not name/);
    const { text } = await auditor.read(jsonOf(honest), KEY);
    expect(text).toContain("SELF: when the entries came to be, on this operator's word only");
    expect(text).toContain('that Meta made that signature: it is symmetric');
  });

  it('shows the origin to whoever was shown the app secret', async () => {
    auditor.file('secret', CAST.secret);
    auditor.file('other', 'another');
    expect(statesOf(await judge(honest, [...TRUSTING, '--app-secret-file', 'secret']))).toBe(
      'PASS PASS PASS PASS PASS',
    );
    const wrong = await judge(honest, [...TRUSTING, '--app-secret-file', 'other']);
    expect([wrong.exit, statesOf(wrong)]).toEqual([1, 'PASS PASS PASS PASS FAIL']);
  });

  it('without any word about time leaves level 2 open', async () => {
    const files = changed(({ before, between, after }) => {
      delete before.witnessedAt;
      delete between.witnessedAt;
      delete after.witnessedAt;
      delete after.stamp;
      delete after.selfStamp;
    });
    const verdict = await judge(files);
    expect([verdict.exit, statesOf(verdict)]).toEqual([2, 'PASS ABSENT PASS PASS ABSENT']);
  });

  it('of every size up to 20 leaves has right proofs, from an empty and to an equal log', async () => {
    const noise = Array.from({ length: 13 }, (): Step => ({ do: 'others' }));
    const { before, noise: first, after, ...steps } = plan();
    const same: Step = { do: 'checkpoint', which: 'at' };
    const bundles = noise.map((_one, extra) =>
      makeBundle(CAST, [
        before,
        ...noise.slice(0, extra / 2),
        first,
        ...Object.values(steps),
        ...noise.slice(extra / 2, extra),
        same,
        after,
      ]),
    );
    const verdicts = await Promise.all(bundles.map(fast));
    expect(verdicts.map((verdict) => [reasonsOf(verdict), verdict.exit])).toEqual(bundles.map(() => ['', 0]));
  });

  it('made with RSA is proved as well', async () => {
    const rsa = makeTestTsa({ key: 'rsa' });
    auditor.file('rsa.pem', rsa.authority);
    const files = changed(({ after }) => (after.stamp = (request) => rsa.reply(request)));
    rsa.close();
    expect((await judge(files, [...KEY, '--tsa', 'rsa.pem'])).exit).toBe(0);
  });

  it('warns of fields it does not know', async () => {
    const files = changed(({ shown, first }) => {
      const { fields } = shown;
      shown.fields = (before) => ({ ...fields(before), news: 1 });
      first.message = { news: 1 };
    });
    const verdict = await judge(files);
    expect([verdict.exit, verdict.warnings.length]).toEqual([0, 2]);
  });

  it('may hold a consent after a return, as the mode explicit makes them', async () => {
    const { stop, back, second, after, ...start } = plan();
    const yes: Step = {
      ...back,
      fields: (before) => {
        const fields = Object.entries(back.fields(before)).filter(([name]) => !['basis', 'after'].includes(name));
        return { ...Object.fromEntries(fields), kind: 'consent', event_at: new Date(back.at - 500).toISOString() };
      },
      event: { ...back.event!, value: event(back.at - 500, { message: { text: 'START' } }) },
    };
    const returned: Step = { ...back, fields: (before) => ({ ...back.fields(before), purposes: ['reply'] }) };
    Object.assign(second, { n: 5, grant: 5 });
    expect((await judge(bundleOf({ ...start, stop, returned, yes, second, after }))).exit).toBe(0);
  });
});

describe('an export that its operator has tampered with and signed anew', () => {
  it('is tampered with in enough ways', () => expect(TAMPERINGS.length + CHEATS.length).toBeGreaterThan(120));

  const verdicts = new Map<string, Promise<Verdict>>();
  beforeAll(() => {
    for (const [name, change] of TAMPERINGS) verdicts.set(name, fast(resigned(change)));
  });
  it.each(TAMPERINGS.map(([name, , level, sentence]) => ({ name, level, sentence })))(
    'fails at level $level: $name',
    async ({ name, level, sentence }) => {
      const verdict = (await verdicts.get(name))!;
      expect([verdict.exit, verdict.levels[level - 1]!.state]).toEqual([1, 'FAIL']);
      expect(verdict.levels[level - 1]!.reasons.join('\n')).toMatch(sentence);
    },
  );
});

describe('a log that cheats', () => {
  const verdicts = new Map<string, Promise<Verdict>>();
  beforeAll(() => {
    for (const [name, cheat] of CHEATS) verdicts.set(name, judge(bundleOf(cheat(plan())), [...KEY, ...WITNESS]));
  });
  it.each(CHEATS.map(([name, , level, sentence]) => ({ name, level, sentence })))(
    'fails at level $level: $name',
    async ({ name, level, sentence }) => {
      const verdict = (await verdicts.get(name))!;
      expect([verdict.exit, verdict.levels[level - 1]!.state]).toEqual([1, 'FAIL']);
      expect(verdict.levels[level - 1]!.reasons.join('\n')).toMatch(sentence);
    },
  );

  it('and makes up a whole history later is not proved by leaving out what came before', async () => {
    const { noise, optIn, shown, first, after } = plan();
    after.witnessedAt = START + 30 * DAY_MS;
    delete after.stamp;
    const verdict = await judge(bundleOf({ noise, optIn, shown, first, after }));
    expect([verdict.exit, statesOf(verdict)]).toEqual([2, 'PASS PASS PASS PASS ABSENT']);
    expect(verdict.notes.join()).toContain('29 days later');
  });

  it('and withholds the event of a grant does not reach 0', async () => {
    const verdict = await judge(changed(({ optIn }) => (optIn.event!.kept = false)));
    expect([verdict.exit, statesOf(verdict)]).toEqual([2, 'PASS PASS PASS ABSENT ABSENT']);
    expect(verdict.evidence[0]).toEqual({ entry: 'entries/0001', grade: 'ABSENT' });
  });

  it('and passes its own time-stamp or witness off as somebody else does not reach 0', async () => {
    const forged = changed(({ after }) => (after.stamp = (request) => self.reply(request)));
    const stamped = await judge(forged, [...KEY, ...TSA]);
    expect([stamped.exit, stamped.notes.join()]).toEqual([2, expect.stringContaining('no authority you named')]);
    const own = await judge(honest, [...KEY, '--tsa', 'self.pem']);
    expect(own.exit).toBe(2);
    const impostor = signerOf(CAST.witness.name, Buffer.alloc(32, 7), 4);
    const posing = makeBundle({ ...CAST, witness: impostor }, Object.values(plan()));
    const witnessed = await judge(posing, [...KEY, ...WITNESS]);
    expect([witnessed.exit, witnessed.notes.join()]).toEqual([2, expect.stringContaining('did not name')]);
  });

  it('cannot use a certificate that has run out or is for something else', async () => {
    const expired = makeTestTsa({ expired: true });
    auditor.file('expired.pem', expired.authority);
    const files = changed(({ after }) => {
      after.stamp = (request) => expired.reply(request);
    });
    expired.close();
    const verdict = await judge(files, [...KEY, '--tsa', 'expired.pem']);
    expect(reasonsOf(verdict)).toContain('not valid then');
  });

  it('cannot write over what the verifier says', async () => {
    const files = changed(({ shown }) => {
      const { fields } = shown;
      shown.fields = (before) => ({ ...fields(before), notice: { sha256: '\u001b[2J\u001b[HPASS' } });
    });
    const { exit, text } = await auditor.read(jsonOf(files), TRUSTING);
    expect([exit, text.includes('\u001b')]).toEqual([1, false]);
  });
});

describe('a bundle that somebody else has tampered with', () => {
  it('fails at level 1 for any file that is changed, dropped or added', async () => {
    const names = [...honest.keys()];
    const bent = names.flatMap((name) => [
      tampered(bend(name)),
      ...(/README|notice|seg/.test(name) ? [tampered((files) => void files.delete(name))] : []),
    ]);
    const verdicts = await Promise.all([...bent, tampered(put('keys/policy.txt', 'x'))].map(fast));
    expect(verdicts.map(({ exit, levels }) => [exit, levels[0]!.state])).toEqual(verdicts.map(() => [1, 'FAIL']));
  });

  it.each([
    ['kind', { kind: 'leaf' }, /unknown version or kind/],
    ['version', { v: 2 }, /unknown version or kind/],
    ['log', { log: 'other' }, /another log/],
    ['time', { made_at: 'now' }, /not a time/],
    ['fields', { more: 1 }, /other fields/],
    ['files', { files: null }, /tree of files/],
    ['kind of one message', { kind: 'message' }, /another number of them/],
  ])('fails for a manifest with another %s', async (_name, fields, sentence) => {
    const verdict = await judge(withManifest(honest, CAST.log, fields));
    expect(verdict.levels[0]!.reasons.join()).toMatch(sentence);
  });

  it('fails under the key of another log, and does not begin without a key', async () => {
    const other = await judge(honest, ['--key', signerOf(CAST.log.name, Buffer.alloc(32, 8)).vkey]);
    expect(other.levels[0]!.reasons.join()).toContain('not signed with the key you gave');
    expect(await auditor.read(jsonOf(honest), [])).toEqual({
      exit: 1,
      text: expect.stringContaining('would prove nothing') as string,
    });
    for (const args of [
      ['--key', 'x'],
      ['--key', 'x+00000000+AAAA'],
      [...KEY, '--tsa', 'none'],
      [...KEY, '--what'],
      [...KEY, '--witness', CAST.log.vkey],
    ])
      expect((await auditor.read(jsonOf(honest), args)).exit).toBe(1);
  });
});

describe('a bundle about many people', () => {
  it('is proved record by record, in both forms', async () => {
    const { zip, ndjson } = manyOf(crowdOf(tsa, self, 103), CAST.log);
    for (const bundle of [zip, ndjson]) {
      const verdict = await auditor.judge(bundle, TRUSTING);
      expect([reasonsOf(verdict), verdict.exit, verdict.records]).toEqual(['', 0, 103]);
    }
  });

  it('names the first record that fails', async () => {
    const [one, two, three] = crowdOf(tsa, self, 3) as [Files, Files, Files];
    drop(/^(entries|evidence)\/0002/)(two);
    const { zip, ndjson } = manyOf([one, two, three], CAST.log);
    for (const bundle of [zip, ndjson]) expect(reasonsOf(await auditor.judge(bundle, TRUSTING))).toMatch(/^record 2: /);
  });

  it('fails for lines dropped, doubled, exchanged, added, or without an end', async () => {
    const [first, one, two, last] = manyOf(crowdOf(tsa, self, 2), CAST.log)
      .ndjson.toString()
      .trim()
      .split('\n') as [string, string, string, string];
    const bent = [
      [first, two, last],
      [first, one, one, last],
      [first, two, one, last],
      [first, one, last],
      [first, one, two],
      [one, two, last],
      [first, one, two, last, one],
      [first, `${one} `, two, last],
    ];
    const verdicts = await Promise.all(
      bent.map((some) => auditor.judge(Buffer.from(`${some.join('\n')}\n`), TRUSTING)),
    );
    expect(verdicts.map((verdict) => statesOf(verdict))).toEqual(
      bent.map(() => expect.stringMatching(/^FAIL/) as string),
    );
  });

  it('may hold a wording that no record names, if it is the one its name says', async () => {
    const text = 'A wording of another Page.';
    const extra = (name: string) => manyOf([resigned(put(`notices/${name}.txt`, text))], CAST.log).zip;
    const honest = await auditor.judge(extra(sha256(Buffer.from(text)).toString('hex')), TRUSTING);
    expect(reasonsOf(honest)).toBe('');
    expect(honest.notes).toContain('wordings that no record names: 1');
    expect(reasonsOf(await auditor.judge(extra('0'.repeat(64)), TRUSTING))).toContain('another wording than its name');
  });
});

describe('the vectors of the format', () => {
  it('agree with the maker of these bundles', () => {
    const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
    const leaves = inputs.map((hex) => Buffer.from(hex, 'hex'));
    expect(rootOf(leaves).toString('hex')).toBe('5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328');
    expect(CAST.log.vkey.split('+').slice(1).join('+')).toBe('8a0c8a3a+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c');
    const nonce = Buffer.from(Array.from({ length: 64 }, (_, at) => at));
    const pair = ['{"kind":"opt_in","v":1}', '{"kind":"send","v":1}'].map((body) => sha256(sha256(body), nonce));
    const note = noteOf(`${CAST.log.name}\n2\n${rootOf(pair).toString('base64')}\n`, CAST.log);
    expect(note).toContain(
      'igyKOkoM2dPl42xDVI0wrEscQNj/u8wVy1EqkilHklMaTcle+ZXt0RAATxeKxQ94dngL07vHMgE5k4Jpd4t8ht/z2Qs=',
    );
    expect(cosigned(note, CAST.witness, 1_795_428_672_000)).toContain('bX75BwAAAABrBBFA7YiIaDNORNadP');
  });
});
