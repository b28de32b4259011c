import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  BROADCAST,
  jsonOf,
  manyOf,
  signerOf,
  withManifest,
  type Fields,
  type Files,
} from '../../support/bundle-fixture';
import { childrenOf, der } from '../../support/der';
import { ROOT } from '../../support/program';
import { makeTestTsa, type TestTsa } from '../../support/test-tsa';
import { reasonsOf, type Verdict } from '../../support/verifier';
import { type Auditor, bundleOf, CAST, crowdOf, honestPlan, openAuditor } from './bundle-world';
import { bend, drop } from './tamperings';

let tsa: TestTsa;
let stranger: TestTsa;
let auditor: Auditor;
let crowd: Files[];
let dir: string;
const KEY = ['--key', CAST.log.vkey];
const TRUSTING = [...KEY, '--witness', CAST.witness.vkey];
const NAMING_ALL = [...TRUSTING, '--tsa', 'tsa.pem'];

beforeAll(() => {
  tsa = makeTestTsa();
  stranger = makeTestTsa();
  auditor = openAuditor();
  auditor.file('tsa.pem', tsa.authority);
  crowd = crowdOf(tsa, tsa, 3);
  dir = mkdtempSync(path.join(tmpdir(), 'assent-verify-many-'));
});
afterAll(() => {
  auditor.close();
  tsa.close();
  stranger.close();
  rmSync(dir, { recursive: true });
});

/** Both forms of one bundle; they must come out alike. */
async function judgeMany(people: readonly Files[], fields?: Fields): Promise<Verdict> {
  const { zip, ndjson } = manyOf(people, CAST.log, fields);
  const [one, other] = await Promise.all([auditor.judgeFast(zip, NAMING_ALL), auditor.judgeFast(ndjson, NAMING_ALL)]);
  expect([one.exit, one.levels.map(({ reasons }) => reasons)]).toEqual([
    other.exit,
    other.levels.map(({ reasons }) => reasons),
  ]);
  expect(one.exit === 0 ? one : 0).toEqual(other.exit === 0 ? other : 0);
  return one;
}
const without = (files: Files, pattern: RegExp): Files => {
  const left = new Map(files);
  drop(pattern)(left);
  return left;
};
const RANGE = { from: '2026-01-01T00:00:00.000Z', page: null, to: '2026-02-01T00:00:00.000Z' };

describe('a bundle about a broadcast', () => {
  it('says how many messages of its chunks it holds', async () => {
    const verdict = await judgeMany(crowd);
    expect([verdict.exit, verdict.notes]).toEqual([
      0,
      [
        '3 of 3 messages of the chunks named here are in this bundle',
        `that broadcast ${BROADCAST} had no other chunks is the operator's word`,
      ],
    ]);
    const { noise, before, optIn, shown, first, after } = honestPlan(tsa, tsa);
    const alone = await judgeMany([bundleOf({ noise, before, optIn, shown, first: { ...first, of: 50 }, after })]);
    expect(alone.notes.join()).toContain('1 of 50 messages of the chunks');
  });

  it('fails where a record holds no message, several, or one of another broadcast', async () => {
    const about = { kind: 'broadcast', about: { broadcast: BROADCAST } };
    const verdicts = await Promise.all([
      judgeMany([without(crowd[0]!, /^sends/)], about),
      judgeMany([bundleOf(honestPlan(tsa, tsa))], about),
      judgeMany(crowd, { about: { broadcast: BROADCAST.replace('7', '8') } }),
    ]);
    for (const verdict of verdicts)
      expect(reasonsOf(verdict, 1)).toContain('does not hold one message, of that broadcast');
  });

  it('fails where it holds a test of its draft; of a range of time it says how many there are', async () => {
    const { noise, before, optIn, shown, first, after } = honestPlan(tsa, tsa);
    const tested = bundleOf({ noise, before, optIn, shown, first: { ...first, chunk: { test: true } }, after });
    const about = { kind: 'broadcast', about: { broadcast: BROADCAST } };
    expect(reasonsOf(await judgeMany([tested], about), 1)).toContain('holds tests of its draft');
    const inRange = await judgeMany([tested], { kind: 'audit', about: RANGE });
    expect([inRange.exit, inRange.notes.join()]).toEqual([0, expect.stringContaining('1 of the 1 messages are tests')]);
    const alone = await auditor.judgeFast(jsonOf(tested), NAMING_ALL);
    expect([alone.exit, alone.notes.join()]).toEqual([
      0,
      expect.stringContaining('tests of a draft, and no messages of a broadcast: sends/0001'),
    ]);
  });

  it.each([
    ['a person', ([one, two]: Files[]) => [one!, two!, one!], 'record 3: this person is in the bundle already'],
    [
      'a message of somebody else',
      ([one, two]: Files[]) => {
        const theirs = [...two!].filter(([name]) => name.startsWith('sends/'));
        return [new Map([...without(one!, /^sends/), ...theirs]), two!];
      },
      'record 2: a message of this person is in the bundle already',
    ],
  ])('holds nothing twice: %s', async (_name, change, sentence) => {
    const verdict = await judgeMany(change(crowd));
    expect([verdict.exit, reasonsOf(verdict, 3)]).toEqual([1, expect.stringContaining(sentence)]);
  });

  it('may be compared with others that hold the same people', async () => {
    const other = auditor.file('other', manyOf(crowd, CAST.log).zip);
    const verdict = await auditor.judgeFast(manyOf(crowd, CAST.log).ndjson, [...TRUSTING, '--earlier', other]);
    expect([verdict.exit, verdict.compared]).toEqual([0, 3]);
  });
});

describe('a bundle about a range of time', () => {
  it('says what it claims, and that nobody can see who is missing', async () => {
    const about = { kind: 'audit', about: { ...RANGE, page: CAST.page } };
    const verdict = await judgeMany(crowd, about);
    expect([verdict.exit, verdict.notes]).toEqual([
      0,
      [
        `claimed: everybody of whom an entry was written from ${RANGE.from} until ${RANGE.to} on the Page ${CAST.page}; that nobody is missing is the operator's word`,
      ],
    ]);
    const elsewhere = await judgeMany(crowd, { ...about, about: { ...RANGE, page: '77' } });
    expect(reasonsOf(elsewhere, 1)).toContain('of another Page than the bundle is about');
  });

  it.each([
    ['nothing', undefined],
    ['no moment', { ...RANGE, from: 'then' }],
    ['no time at all', { ...RANGE, to: RANGE.from }],
    ['a broadcast', { broadcast: BROADCAST }],
    ['more', { ...RANGE, more: 1 }],
  ])('fails when it claims %s', async (_name, about) => {
    expect(reasonsOf(await judgeMany(crowd, { kind: 'audit', about }), 1)).toContain(
      'does not say what the bundle is about',
    );
  });

  it('says how many were left out because a verifier would refuse their records', async () => {
    const { exit, notes } = await judgeMany(crowd, { kind: 'audit', about: RANGE, too_large: 2 });
    expect([exit, notes.join()]).toEqual([
      0,
      expect.stringContaining('people left out, whose records are larger than a verifier reads: 2'),
    ]);
    for (const tooLarge of [0, -1, 1.5, '2', null]) {
      const verdict = await judgeMany(crowd, { kind: 'audit', about: RANGE, too_large: tooLarge });
      expect(reasonsOf(verdict, 1)).toContain(tooLarge === 1.5 ? 'manifest.json' : 'too_large is no number of people');
    }
    const one = withManifest(bundleOf(honestPlan(tsa, tsa)), CAST.log, { too_large: 2 });
    expect(reasonsOf(await auditor.judgeFast(jsonOf(one), TRUSTING), 1)).toContain('too_large is no number of people');
  });

  it('is never about one person', async () => {
    const files = withManifest(bundleOf(honestPlan(tsa, tsa)), CAST.log, { about: RANGE });
    expect(reasonsOf(await auditor.judgeFast(jsonOf(files), TRUSTING), 1)).toContain(
      'does not say what the bundle is about',
    );
  });
});

describe('what somebody the auditor did not name has left in a bundle', () => {
  const plan = () => {
    const { after, ...steps } = honestPlan(tsa, tsa);
    delete after.selfStamp;
    return { ...steps, after };
  };
  /** Bends the last line of the newest checkpoint, also where proofs repeat it. */
  const bentLine = (files: Files, change: (line: string) => string): Files => {
    const note = files.get('checkpoints/after.note')!.toString();
    const bent = note.replace(/[^\n]*\n$/, change);
    for (const [name, bytes] of files)
      if (/after\.note|tlog-proof/.test(name)) files.set(name, Buffer.from(bytes.toString().replace(note, bent)));
    return withManifest(files, CAST.log);
  };
  /** The same bytes, in base64 that is not written the one way. */
  const loosely = (line: string): string => line.replace(/.==\n$/, (end) => `${end === 'x==\n' ? 'y' : 'x'}==\n`);

  it('spoils nothing when a line of a witness cannot be read', async () => {
    const other = signerOf('stranger.example.org/w', Buffer.alloc(32, 3), 4);
    for (const change of [loosely, () => `\u2014 ${CAST.witness.name} !\n`]) {
      const files = bentLine(bundleOf(plan()), change);
      const given = [...KEY, '--tsa', 'tsa.pem', '--witness', other.vkey];
      const verdict = await auditor.judgeFast(jsonOf(files), given);
      expect([verdict.exit, verdict.notes.join()]).toEqual([0, expect.stringContaining('did not name cannot be read')]);
      expect(reasonsOf(await auditor.judgeFast(jsonOf(files), TRUSTING), 2)).toContain('you named cannot be read');
    }
    const own = bentLine(bundleOf(plan()), () => `\u2014 ${CAST.log.name} !\n`);
    expect(reasonsOf(await auditor.judgeFast(jsonOf(own), TRUSTING), 1)).toContain('malformed signature');
  });

  it('spoils nothing when a time-stamp does not hold', async () => {
    const steps = plan();
    steps.after.stamp = (request) => stranger.reply(request);
    const files = bundleOf(steps);
    bend('anchors/after.tsr', files.get('anchors/after.tsr')!.length - 3)(files);
    const strange = jsonOf(withManifest(files, CAST.log));
    const verdict = await auditor.judgeFast(strange, TRUSTING);
    expect([verdict.exit, verdict.notes.join()]).toEqual([
      0,
      expect.stringContaining('no authority you named: ignored'),
    ]);
    auditor.file('stranger.pem', stranger.authority);
    const named = await auditor.judgeFast(strange, [...TRUSTING, '--tsa', 'stranger.pem']);
    expect([named.exit, named.levels[1]!.state]).toEqual([1, 'FAIL']);
  });

  it('may be a certificate with a negative number', async () => {
    const where = path.join(dir, 'negative.der');
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', path.join(dir, 'key')];
    const form = ['-out', where, '-outform', 'DER', '-subj', '/CN=x', '-set_serial', '-5', '-days', '3'];
    execFileSync('openssl', ['req', '-x509', ...key, ...form], { stdio: 'pipe' });
    const steps = plan();
    steps.after.stamp = (request) => withCertificate(tsa.reply(request), readFileSync(where));
    const verdict = await auditor.judgeFast(jsonOf(bundleOf(steps)), [...KEY, '--tsa', 'tsa.pem']);
    expect([verdict.exit, reasonsOf(verdict, 2)]).toEqual([0, '']);
  });
});

/** Puts one more certificate in front of those that a time-stamp came with. */
function withCertificate(reply: Buffer, certificate: Buffer): Buffer {
  const [status, token] = childrenOf(reply);
  const [type, content] = childrenOf(token!);
  const fields = childrenOf(childrenOf(content!)[0]!);
  const longer = fields.map((one) => (one[0] === 0xa0 ? der(0xa0, certificate, ...childrenOf(one)) : one));
  return der(0x30, status!, der(0x30, type!, der(0xa0, der(0x30, ...longer))));
}

describe('what the auditor gives', () => {
  const run = (args: readonly string[], limit = 10_000) => {
    const bundle = path.join(dir, 'bundle.json');
    writeFileSync(bundle, jsonOf(bundleOf(honestPlan(tsa, tsa))));
    const program = path.join(ROOT, 'tools/assent-verify.mjs');
    return spawnSync(process.execPath, [program, ...args, bundle], { encoding: 'utf8', timeout: limit });
  };

  it('may not be a pipe, which would never end', () => {
    const pipe = path.join(dir, 'pipe');
    execFileSync('mkfifo', [pipe]);
    for (const option of ['--key', '--tsa', '--witness', '--app-secret-file']) {
      const { status, stderr } = run([...KEY, option, pipe]);
      expect([option, status, stderr]).toEqual([option, 1, expect.stringContaining('not a file')]);
    }
  });

  it('is read in little time, however many certificates begin in it', () => {
    const file = path.join(dir, 'begins.pem');
    writeFileSync(file, '-----BEGIN CERTIFICATE-----\n'.repeat(37_000));
    expect(run([...KEY, '--tsa', file]).stderr).toContain('holds no certificate');
    writeFileSync(file, '-----BEGIN CERTIFICATE-----\n'.repeat(38_000));
    expect(run([...KEY, '--tsa', file]).stderr).toContain('more than 1 MiB');
    writeFileSync(file, `${tsa.authority}${stranger.authority}`);
    expect(run([...KEY, '--tsa', file]).status).toBe(0);
  });

  it('is not printed back as it came', () => {
    const { status, stderr } = run([...KEY, '--\u001b[2Jwhat']);
    expect([status, stderr.includes('\u001b'), stderr]).toEqual([1, false, expect.stringContaining('--?[2Jwhat')]);
  });
});
