import { generateKeyPairSync } from 'node:crypto';
import { jsonOf, type Files } from '../../support/bundle-fixture';
import { certificateOf } from '../../support/der';
import { makeEdTsa } from '../../support/ed-tsa';
import { makeTestTsa, type TestTsa } from '../../support/test-tsa';
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
