import { jsonOf, type Files } from '../../support/bundle-fixture';
import { childrenOf, der, hex } from '../../support/der';
import { makeEdTsa } from '../../support/ed-tsa';
import { makeTestTsa, type TestTsa } from '../../support/test-tsa';
import { reasonsOf, statesOf, type Verdict } from '../../support/verifier';
import { type Auditor, bundleOf, CAST, honestPlan, openAuditor, witnessedPlan } from './bundle-world';

const KEY = ['--key', CAST.log.vkey];
let tsa: TestTsa;
let auditor: Auditor;
const made: TestTsa[] = [];
beforeAll(() => {
  tsa = makeTestTsa();
  auditor = openAuditor();
});
afterAll(() => {
  auditor.close();
  for (const one of [tsa, ...made]) one.close();
});

const authorityOf = (options: Parameters<typeof makeTestTsa>[0]): TestTsa => {
  const one = makeTestTsa(options);
  made.push(one);
  return one;
};

/** A bundle of which the newest checkpoint has this time-stamp, judged by whoever trusts that authority alone. */
async function judge(authority: string, stamp: (request: Buffer) => Buffer): Promise<Verdict> {
  const plan = honestPlan(tsa, tsa);
  delete plan.after.selfStamp;
  plan.after.stamp = stamp;
  auditor.file('tsa.pem', authority);
  return auditor.judge(jsonOf(bundleOf(plan)), [...KEY, '--tsa', 'tsa.pem']);
}
const outcome = (verdict: Verdict): unknown[] => [verdict.exit, reasonsOf(verdict)];
const refused = (sentence: string): unknown[] => [
  1,
  expect.stringMatching(`^anchors/after\\.tsr: the time-stamp ${sentence}$`),
];

const SHA256 = der(0x30, hex('0609608648016503040201'), hex('0500'));
const infoOver = (request: Buffer): Buffer =>
  der(
    0x30,
    ...[hex('020101'), hex('06032a0304'), der(0x30, SHA256, der(0x04, request.subarray(24, 56))), hex('020105')],
    der(0x18, Buffer.from(`${new Date().toISOString().replace(/\D/g, '').slice(0, 14)}Z`)),
  );
const granted = (token: Buffer): Buffer => der(0x30, hex('3003020100'), token);

describe('a time-stamp counts', () => {
  it('when it is as `openssl cms` writes it, and when an authority in between has issued its certificate', async () => {
    const signed = await judge(tsa.authority, (request) => granted(tsa.sign(infoOver(request))));
    expect(outcome(signed)).toEqual([0, '']);
    const under = authorityOf({ issuer: 'ca' });
    expect(outcome(await judge(under.authority, (request) => under.reply(request)))).toEqual([0, '']);
  });

  it.each(['sha1', 'sha512'] as const)('when its signature names its certificate by %s', async (essDigest) => {
    const one = authorityOf({ essDigest });
    expect(outcome(await judge(one.authority, (request) => one.reply(request)))).toEqual([0, '']);
  });
});

describe('a time-stamp is no word from outside', () => {
  it.each([
    ['a certificate for a website', { issuer: 'web' }],
    ['an authority that had run out', { issuer: 'ca', isIssuerExpired: true }],
  ] as const)('by a certificate that was issued with %s', async (_what, options) => {
    const one = authorityOf(options);
    const verdict = await judge(one.authority, (request) => one.reply(request));
    expect([verdict.exit, statesOf(verdict), verdict.notes.join()]).toEqual([
      2,
      'PASS PASS PASS PASS ABSENT',
      expect.stringContaining('no authority you named'),
    ]);
  });
});

describe('a time-stamp of an authority that was named fails', () => {
  it.each(['serverAuth', 'timeStamping, serverAuth', 'timeStamping, timeStamping'])(
    'by a certificate for %s',
    async (usage) => {
      const one = authorityOf({ usage });
      expect(outcome(await judge(one.authority, (request) => granted(one.sign(infoOver(request)))))).toEqual(
        refused('is signed with a certificate that is not for time-stamps'),
      );
    },
  );

  it('by a certificate that says only by the way what it is for', async () => {
    const one = authorityOf({ isUsageCritical: false });
    expect(outcome(await judge(one.authority, (request) => granted(one.sign(infoOver(request)))))).toEqual(
      refused('is signed with a certificate that does not insist on its use for time-stamps'),
    );
  });

  it('with more than one signer', async () => {
    const stamp = (request: Buffer): Buffer => {
      const [status, token] = childrenOf(tsa.reply(request));
      const [type, content] = childrenOf(token!);
      const fields = childrenOf(childrenOf(content!)[0]!);
      const [signer] = childrenOf(fields.at(-1)!);
      const twice = [...fields.slice(0, -1), der(0x31, signer!, signer!)];
      return der(0x30, status!, der(0x30, type!, der(0xa0, der(0x30, ...twice))));
    };
    expect(outcome(await judge(tsa.authority, stamp))).toEqual(refused('has not one signer'));
  });

  it('when its time was changed by a minute after it was signed', async () => {
    const stamp = (request: Buffer): Buffer => {
      const reply = tsa.reply(request);
      const [time] = /\d{14}Z/.exec(reply.subarray(0, reply.indexOf('Test Root')).toString('latin1'))!;
      const minute = time.slice(0, 10) + String((Number(time.slice(10, 12)) + 1) % 60).padStart(2, '0');
      const at = reply.indexOf(time);
      return Buffer.concat([reply.subarray(0, at), Buffer.from(minute), reply.subarray(at + minute.length)]);
    };
    expect(outcome(await judge(tsa.authority, stamp))).toEqual(refused('was changed after it was signed'));
  });

  it('when it was signed as something else', async () => {
    const [other, type] = ['5', '4'].map((last) => hex(`060b2a864886f70d010910010${last}`)) as [Buffer, Buffer];
    const stamp = (request: Buffer): Buffer => {
      const token = tsa.sign(infoOver(request), [], '1.2.840.113549.1.9.16.1.5');
      const at = token.indexOf(other);
      return granted(Buffer.concat([token.subarray(0, at), type, token.subarray(at + type.length)]));
    };
    expect(outcome(await judge(tsa.authority, stamp))).toEqual(refused('is signed as something else'));
  });

  it('when its signature names another certificate than the one that comes with it', async () => {
    const own = makeEdTsa('ed25519');
    expect(outcome(await judge(own.authority, own.reply))).toEqual([0, '']);
    const other = makeEdTsa('ed25519', Buffer.from('another certificate'));
    expect(outcome(await judge(other.authority, other.reply))).toEqual(
      refused('names another certificate than the one it holds'),
    );
  });
});

it('a cosignature of a time that no clock shows fails', async () => {
  const judged = (seconds: number): Promise<Verdict> => {
    const plan = witnessedPlan(tsa);
    plan.after.witnessedAt = seconds * 1_000;
    const files: Files = bundleOf(plan);
    return auditor.judge(jsonOf(files), [...KEY, '--witness', CAST.witness.vkey]);
  };
  const sentence = 'the line of a witness you named is not by its key';
  expect(reasonsOf(await judged(10 ** 11), 2)).toContain(sentence);
  expect(reasonsOf(await judged(10 ** 11 - 1), 2)).not.toContain(sentence);
});
