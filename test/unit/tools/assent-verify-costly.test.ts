import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inOrder, jsonOf, makeBundle, zipOf, type Fields, type Files, type Step } from '../../support/bundle-fixture';
import { certificateOf } from '../../support/der';
import { makeEdTsa } from '../../support/ed-tsa';
import { makeTestTsa, type TestTsa } from '../../support/test-tsa';
import { ROOT } from '../../support/program';
import { reasonsOf, statesOf, type Verdict } from '../../support/verifier';
import { type Auditor, bundleOf, CAST, honestPlan, openAuditor } from './bundle-world';

const KEY = ['--key', CAST.log.vkey];
const TRUSTING = [...KEY, '--witness', CAST.witness.vkey, '--tsa', 'tsa.pem'];
let tsa: TestTsa;
let self: TestTsa;
let auditor: Auditor;
const plan = () => honestPlan(tsa, self);
const judge = (files: Files, args: readonly string[]): Promise<Verdict> => auditor.judgeFast(jsonOf(files), args);

beforeAll(() => {
  tsa = makeTestTsa();
  self = makeTestTsa();
  auditor = openAuditor();
  auditor.file('tsa.pem', tsa.authority);
});
afterAll(() => {
  auditor.close();
  tsa.close();
  self.close();
});

describe('a webhook', () => {
  const withBeside = (beside: string): Files => {
    const steps = plan();
    steps.optIn.event!.beside = beside;
    return bundleOf(steps);
  };
  const nested = (levels: number): string => `"deep":${'['.repeat(levels)}${']'.repeat(levels)},`;
  /** Within the root object. */
  const MOST_LEVELS = 64;

  it.each([
    ['nested as deep as a server takes it', nested(MOST_LEVELS), 0, ''],
    ['with brackets in a text', `"text":"${'[{'.repeat(500)}\\"${'['.repeat(500)}",`, 0, ''],
    ['nested one level deeper', nested(MOST_LEVELS + 1), 1, 'evidence/0001: the webhook is nested too deep'],
    ['nested without end', nested(400_000), 1, 'evidence/0001: the webhook is nested too deep'],
    ['longer than a server takes it', `"long":"${'x'.repeat(1024 * 1024)}",`, 1, 'longer than a server takes'],
  ])('%s', async (_name, beside, exit, sentence) => {
    const verdict = await judge(withBeside(beside), TRUSTING);
    expect([verdict.exit, statesOf(verdict)]).toEqual([exit, `PASS PASS PASS ${exit === 0 ? 'PASS' : 'FAIL'} ABSENT`]);
    expect(reasonsOf(verdict, 4)).toContain(sentence);
  });
});

describe('a time-stamp', () => {
  const stampedBy = (one: TestTsa): Files => {
    const steps = plan();
    steps.after.stamp = (request) => one.reply(request);
    return bundleOf(steps);
  };

  it.each(['long exponent', 'binary curve'] as const)('with a key of a %s counts for nothing', async (kind) => {
    const [signer, root] = [makeTestTsa({ key: kind }), makeTestTsa({ rootKey: kind })];
    auditor.file('signer.pem', signer.authority);
    auditor.file('root.pem', root.authority);
    const bySigner = await judge(stampedBy(signer), [...KEY, '--tsa', 'signer.pem']);
    expect(reasonsOf(bySigner, 2)).toContain('a key of a kind or size that is not accepted');
    const byRoot = await judge(stampedBy(root), [...KEY, '--tsa', 'root.pem']);
    expect([byRoot.exit, byRoot.notes.join()]).toEqual([2, expect.stringContaining('no authority you named')]);
    signer.close();
    root.close();
  });

  it.each(['ed25519', 'ed448'] as const)('with a key of the curve %s counts', async (kind) => {
    const one = makeEdTsa(kind);
    auditor.file(`${kind}.pem`, one.authority);
    const steps = plan();
    steps.after.stamp = (request) => one.reply(request);
    const verdict = await judge(bundleOf(steps), [...KEY, '--tsa', `${kind}.pem`]);
    expect([verdict.exit, reasonsOf(verdict)]).toEqual([0, '']);
    steps.after.stamp = (request) => {
      const reply = one.reply(request);
      reply[reply.length - 1]! ^= 1;
      return reply;
    };
    const bent = await judge(bundleOf(steps), [...KEY, '--tsa', `${kind}.pem`]);
    expect([bent.exit, reasonsOf(bent, 2)]).toEqual([1, expect.stringContaining('has a wrong signature')]);
  });

  it('is not held against certificates without end', async () => {
    const files = stampedBy(tsa);
    const names = ['many-1.pem', 'many-2.pem'];
    for (const [at, name] of names.entries()) auditor.file(name, namesakes(2_000, at * 2_000));
    const given = [...KEY, ...names.flatMap((name) => ['--tsa', name])];
    const within = await judge(files, given);
    expect([within.exit, reasonsOf(within, 2)]).toEqual([2, '']);
    auditor.file('one-more.pem', namesakes(1, 4_000));
    const beyond = await judge(files, [...given, '--tsa', 'one-more.pem']);
    expect([beyond.exit, reasonsOf(beyond, 2)]).toEqual([1, expect.stringContaining('more certificates than can be')]);
  });
});

/** Certificates of the name of the test authority that are by nobody, numbered from `first`. */
function namesakes(count: number, first: number): string {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return Array.from({ length: count }, (_, at) => {
    const certificate = certificateOf('Test Root', first + at, publicKey);
    return `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64')}\n-----END CERTIFICATE-----\n`;
  }).join('');
}

/** Runs the published verifier with little memory, where it ends with a number that is no verdict when that is not enough. */
function judgeInLittle(bundle: Buffer | ((file: string) => void)): Verdict {
  const dir = mkdtempSync(path.join(tmpdir(), 'assent-verify-little-'));
  const file = path.join(dir, 'bundle');
  if (Buffer.isBuffer(bundle)) writeFileSync(file, bundle);
  else bundle(file);
  const call = ['--max-old-space-size=96', path.join(ROOT, 'tools/assent-verify.mjs'), '--json', ...KEY, file];
  const { status, stdout, stderr } = spawnSync(process.execPath, call, { encoding: 'utf8', timeout: 60_000 });
  rmSync(dir, { recursive: true });
  if (stdout === '') throw new Error(`the verifier crashed (${String(status)}): ${stderr.slice(0, 300)}`);
  return JSON.parse(stdout) as Verdict;
}

describe('the entries of a person', () => {
  /** A whole chain: how the conversation began, and notices with whatever more each of them says. */
  const chainOf = (length: number, more: Fields): Buffer => {
    const { optIn, shown, after } = plan();
    delete after.stamp;
    delete after.selfStamp;
    const { fields } = shown;
    const next: Step = { ...shown, do: 'entry', fields: (before) => ({ ...fields(before), ...more }) };
    return zipOf(inOrder(makeBundle(CAST, [optIn, ...Array.from({ length }, () => next), after])));
  };
  const values = (count: number): Fields => ({ zz: Array.from({ length: count }, () => ({})) });

  it('hold no more values than a server writes, which take far more memory than their text', () => {
    const verdict = judgeInLittle(chainOf(500, values(5_000)));
    expect([verdict.exit, reasonsOf(verdict, 1)]).toEqual([1, 'entries/0002.json holds more values than it may']);
  });

  it('are kept without what nobody knows', () => {
    const verdict = judgeInLittle(chainOf(1_450, values(970)));
    expect([verdict.exit, reasonsOf(verdict)]).toEqual([2, '']);
    expect(verdict.warnings.join()).toContain('entries/0002.json has an unknown field');
  });

  it.each([
    ['values', 1_600, values(970)],
    ['bytes', 2_200, { zz: 'x'.repeat(15_900) }],
  ])('are no more than a verifier reads, by their %s', (_what, length, more) => {
    const verdict = judgeInLittle(chainOf(length, more));
    expect([verdict.exit, reasonsOf(verdict, 1)]).toEqual([
      1,
      expect.stringMatching(/^entries\/\d+\.json: the entries of this person are more than a verifier reads$/),
    ]);
  });

  it('may name as many pieces of a webhook as a server lists', async () => {
    const steps = plan();
    steps.optIn.event!.others = 49;
    const { segs } = (JSON.parse(bundleOf(steps).get('entries/0001.json')!.toString()) as { evidence: { segs: [] } })
      .evidence;
    const verdict = await judge(bundleOf(steps), TRUSTING);
    expect([segs.length, verdict.exit, reasonsOf(verdict)]).toEqual([101, 0, '']);
  });
});

/** A ZIP of files that hold nothing but a hole, of which nothing can be read but the directory. */
function writeHollow(file: string, sizes: readonly number[]): void {
  const names = sizes.map((_, at) => `entries/${String(at + 1).padStart(4, '0')}.json`);
  const end = zipOf(names.map((name) => [name, Buffer.alloc(0)]));
  const from = end.indexOf(Buffer.from('504b0102', 'hex'));
  const directory = end.subarray(from);
  let offset = 0;
  sizes.forEach((size, at) => {
    const entry = at * (46 + names[at]!.length);
    directory.writeUInt32LE(size, entry + 20);
    directory.writeUInt32LE(size, entry + 24);
    directory.writeUInt32LE(offset, entry + 42);
    offset += 30 + names[at]!.length + size;
  });
  directory.writeUInt32LE(offset, directory.length - 6);
  const fd = openSync(file, 'w');
  writeSync(fd, 'PK');
  ftruncateSync(fd, offset);
  writeSync(fd, directory, 0, directory.length, offset);
  closeSync(fd);
}

describe('a bundle about one person', () => {
  const MIB = 1024 * 1024;

  it('is not read when it is longer than a person can make it', () => {
    const hollow = (sizes: readonly number[]) => judgeInLittle((file) => writeHollow(file, sizes));
    expect(reasonsOf(hollow([60, 60, 60, 60, 17].map((size) => size * MIB)), 1)).toBe('the bundle is too large');
    expect(reasonsOf(hollow([MIB]), 1)).toContain('the two headers of the file do not agree');
    const verdict = judgeInLittle((file) => {
      const fd = openSync(file, 'w');
      writeSync(fd, '{"');
      ftruncateSync(fd, 257 * MIB);
      closeSync(fd);
    });
    expect(reasonsOf(verdict, 1)).toBe('the bundle is too large');
  });
});
