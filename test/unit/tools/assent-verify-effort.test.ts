import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  inOrder,
  jsonOf,
  makeBundle,
  sha256,
  signerOf,
  withManifest,
  zipOf,
  type Files,
  type Signer,
  type Step,
} from '../../support/bundle-fixture';
import { certificateOf, der, hex } from '../../support/der';
import { ROOT } from '../../support/program';
import { makeTestTsa, type TestTsa } from '../../support/test-tsa';
import { reasonsOf, type Verdict } from '../../support/verifier';
import {
  type Auditor,
  bundleOf,
  CAST,
  changedCopy,
  event,
  honestPlan,
  openAuditor,
  witnessedPlan,
} from './bundle-world';

/** What a verifier does must not grow faster than the bundle: it is counted here, for clocks of machines differ. */
const COUNTING = `
const crypto = require('node:crypto');
const counts = { verified: 0, certificates: 0, normalised: 0 };
const { verify, X509Certificate } = crypto;
crypto.verify = (...args) => { counts.verified += 1; return verify(...args); };
crypto.X509Certificate = class extends X509Certificate { constructor(...args) { counts.certificates += 1; super(...args); } };
const { normalize } = String.prototype;
String.prototype.normalize = function (...args) { counts.normalised = Math.max(counts.normalised, this.length); return normalize.apply(this, args); };
process.on('exit', () => process.stderr.write(JSON.stringify(counts)));
`;
interface Effort {
  readonly verdict: Verdict;
  readonly verified: number;
  readonly certificates: number;
  /** Length of the longest text that was normalised. */
  readonly normalised: number;
}

const TRUSTING = ['--key', CAST.log.vkey, '--witness', CAST.witness.vkey];
let tsa: TestTsa;
let auditor: Auditor;
let dir: string;

beforeAll(() => {
  tsa = makeTestTsa();
  auditor = openAuditor();
  auditor.file('tsa.pem', tsa.authority);
  dir = mkdtempSync(path.join(tmpdir(), 'assent-unit-effort-'));
  writeFileSync(path.join(dir, 'counting.cjs'), COUNTING);
});
afterAll(() => {
  auditor.close();
  tsa.close();
  rmSync(dir, { recursive: true, force: true });
});

function effortOf(files: Files, args: readonly string[] = TRUSTING): Promise<Effort> {
  const bundle = path.join(dir, 'bundle');
  writeFileSync(bundle, zipOf(inOrder(files)));
  const call = ['--require', './counting.cjs', path.join(ROOT, 'tools/assent-verify.mjs'), '--json', ...args, bundle];
  return new Promise((resolve) => {
    execFile(process.execPath, call, { cwd: dir, env: {}, timeout: 30_000 }, (_error, stdout, stderr) => {
      resolve({
        verdict: JSON.parse(stdout) as Verdict,
        ...(JSON.parse(stderr) as Omit<Effort, 'verdict'>),
      });
    });
  });
}

const judge = (files: Files, args = TRUSTING): Promise<Verdict> => auditor.judgeFast(jsonOf(files), args);
const keyOf = (n: number): Signer => (n === 0 ? CAST.log : signerOf(CAST.log.name, sha256(`key ${n}`)));
const lineBy = ({ name, id }: Signer): string =>
  `\u2014 ${name} ${Buffer.concat([id, sha256('a'), sha256('b')]).toString('base64')}\n`;
const checkpointsOf = (files: Files): string[] => [...files.keys()].filter((one) => /^checkpoints\/.*note$/.test(one));

/** A log that got so many keys one after the other, each of which vouches for the next one. */
function rotated(keys: number): Files {
  const { noise, before, optIn, shown, after } = witnessedPlan(tsa);
  const turns = Array.from({ length: keys - 1 }, (_, at): Step[] => [
    { do: 'key', names: keyOf(at + 1) },
    { do: 'checkpoint', which: 'at', by: [keyOf(at + 1), keyOf(at)] },
  ]);
  const last = [keyOf(keys - 1)];
  const begun: Step[] = [{ do: 'key', names: CAST.log }, noise, before, optIn, shown];
  return makeBundle(CAST, [...begun, ...turns.flat(), { ...after, by: last }]);
}

describe('the keys of a log', () => {
  it('may be those of twenty years, and no more', async () => {
    const { verdict, verified } = await effortOf(rotated(256));
    expect([verdict.exit, reasonsOf(verdict)]).toEqual([0, '']);
    const lines = 2 * 255 + 2;
    expect(verified).toBeLessThan(lines + 20);
    expect(reasonsOf(await judge(rotated(257)), 1)).toContain('the bundle names too many keys');
  });

  it('are not looked for in checkpoints that one of them is only said to have signed', async () => {
    const steps: Step[] = Array.from({ length: 40 }, (_, n) => ({ do: 'key', names: keyOf(n) }));
    const more = Array.from({ length: 60 }, (): Step[] => [{ do: 'others' }, { do: 'checkpoint', which: 'at' }]);
    const { after, optIn } = witnessedPlan(tsa);
    const forged = changedCopy(makeBundle(CAST, [...steps, optIn, ...more.flat(), after]), (all) => {
      for (const name of checkpointsOf(all).filter((one) => one.includes('/at-'))) {
        const text = all.get(name)!.toString();
        all.set(name, Buffer.from(text.slice(0, text.indexOf('\n\n') + 2) + lineBy(CAST.log)));
      }
    });
    const { verdict, verified } = await effortOf(forged);
    expect([verdict.exit, reasonsOf(verdict, 1)]).toEqual([1, expect.stringContaining('is not by the key you gave')]);
    expect(verified).toBeLessThan(10);
  });
});

describe('the lines under a checkpoint', () => {
  const withLines = (change: (note: string) => string): Files => {
    const files = bundleOf(witnessedPlan(tsa));
    const name = checkpointsOf(files).find((one) => one.includes('/at-'))!;
    const text = files.get(name)!.toString();
    return withManifest(
      changedCopy(files, (all) => void all.set(name, Buffer.from(change(text)))),
      CAST.log,
    );
  };

  it.each([
    ['the same line again', (note: string) => note.replace(/(\n\n)(.*\n)/, '$1$2$2'), 'is signed twice with one key'],
    [
      'more keys of the log than sign at a time',
      (note: string) => note.replace('\n\n', `\n\n${[1, 2, 3, 4].map((n) => lineBy(keyOf(n))).join('')}`),
      'is signed with more keys of the log than there are at a time',
    ],
    [
      'more lines than there may be',
      (note: string) => note + '\u2014 w AAAA\n'.repeat(127),
      'has more signatures than',
    ],
  ])('are refused with %s', async (_name, change, sentence) => {
    const verdict = await judge(withLines(change));
    expect([verdict.exit, reasonsOf(verdict, 1)]).toEqual([1, expect.stringContaining(sentence)]);
  });
});

describe('the words of a person', () => {
  const saying = (text: string): Files => {
    const { noise, before, optIn, shown, after } = witnessedPlan(tsa);
    const value = event(optIn.at - 1_000, { message: { text } });
    const { fields } = optIn;
    const begun: Step = {
      ...{ ...optIn, do: 'entry', event: { value, others: 0, kept: true } },
      fields: (entries) => ({ ...fields(entries), via: 'first_message' }),
    };
    return makeBundle(CAST, [noise, before, begun, shown, after]);
  };

  it('are brought to a form of Unicode, which takes the square of their length, only where they can be a word', async () => {
    const { verdict, normalised } = await effortOf(saying(`a${'\u0301'.repeat(4_000)}${'\u0323'.repeat(4_000)}`));
    expect([verdict.exit, reasonsOf(verdict), normalised]).toEqual([0, '', 0]);
    const word = await effortOf(saying(`stop${' '.repeat(196)}`));
    expect([reasonsOf(word.verdict, 4), word.normalised]).toEqual([expect.stringContaining('the event says no'), 200]);
    const longer = await effortOf(saying(`stop${' '.repeat(197)}`));
    expect([longer.verdict.exit, longer.normalised]).toEqual([0, 0]);
  });
});

describe('a time-stamp', () => {
  const stamped = (change: (reply: Buffer) => Buffer): Files => {
    const steps = honestPlan(tsa, tsa);
    delete steps.after.selfStamp;
    steps.after.stamp = (request) => change(tsa.reply(request));
    return bundleOf(steps);
  };
  /** A reply with more behind its token. */
  const withBehind = (more: Buffer): Files => stamped((reply) => der(0x30, reply.subarray(4), more));

  it.each([
    ['of very many parts', Buffer.from('0500'.repeat(63), 'hex'), 'has too many parts'],
    ['that is longer than a server takes', der(0x04, Buffer.alloc(64 * 1024)), 'is too long'],
  ])('%s is refused', async (_name, more, sentence) => {
    const trusting = [...TRUSTING, '--tsa', 'tsa.pem'];
    const short = await judge(withBehind(Buffer.from('0500', 'hex')), trusting);
    expect(short.notes.join()).not.toContain('ignored');
    const verdict = await judge(withBehind(more), trusting);
    expect([verdict.exit, reasonsOf(verdict, 2)]).toEqual([1, expect.stringContaining(sentence)]);
  });

  /** What stands where a token should, with the certificates of nobody. */
  const tokenWith = (certificates: readonly Buffer[]): Buffer => {
    const content = der(0x30, hex('060b2a864886f70d0109100104'), der(0xa0, hex('040100')));
    const set = der(0xa0, ...certificates);
    const signed = der(0x30, hex('020103'), hex('3100'), content, set, hex('3100'));
    return der(0x30, hex('3003020100'), der(0x30, hex('06092a864886f70d010702'), der(0xa0, signed)));
  };
  const manyStamped = (tokens: number, certificates: (token: number) => readonly Buffer[]): Files => {
    const { noise, optIn, shown, after } = witnessedPlan(tsa);
    const stamps = Array.from({ length: tokens }, (_, at): Step[] => [
      { do: 'others' },
      { do: 'checkpoint', which: 'at', stamp: () => tokenWith(certificates(at)) },
    ]);
    return makeBundle(CAST, [noise, optIn, shown, ...stamps.flat(), after]);
  };
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const some = (first: number): Buffer[] =>
    Array.from({ length: 16 }, (_, at) => certificateOf('Nobody', first + at, publicKey));

  it('comes with certificates of which each is read once in a bundle', async () => {
    const { certificates } = await effortOf(manyStamped(30, () => some(0)));
    expect(certificates).toBe(16);
  });

  it('comes, with all others of a bundle, with no more certificates than there may be', async () => {
    const { certificates, verdict } = await effortOf(manyStamped(130, (at) => some(16 * at)));
    expect([verdict.exit, certificates]).toEqual([0, 2_000]);
  });

  it('comes with no certificate that is longer than those of authorities', async () => {
    const long = der(0x30, der(0x04, Buffer.alloc(17 * 1024)));
    const { certificates, verdict } = await effortOf(manyStamped(1, () => [long]));
    expect([certificates, verdict.notes.join()]).toEqual([
      0,
      expect.stringContaining('a certificate that is too long'),
    ]);
  });
});
