import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { der, derInteger, derOid, derTime, TAG } from '../../../../../src/domain/ledger/anchor/der.rules';
import {
  pemOf,
  SELF_NAME,
  selfAuthority,
  selfTimestamp,
} from '../../../../../src/domain/ledger/anchor/self-timestamp.rules';
import {
  checkTimestamp,
  sha256Algorithm,
  timestampRequest,
} from '../../../../../src/domain/ledger/anchor/timestamp.rules';
import { sha256 } from '../../../../../src/kernel/crypto/merkle';
import { makeEdTsa } from '../../../../support/ed-tsa';
import { makeTestTsa, type TestTsa } from '../../../../support/test-tsa';

const IMPRINT = sha256(Buffer.from('a note\n'));
const NONCE = Buffer.from('4000000000000001', 'hex');
let dir: string;
let tsa: TestTsa;
let rsa: TestTsa;
let good: Buffer;

beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'assent-ts-'));
  [tsa, rsa] = [makeTestTsa(), makeTestTsa({ key: 'rsa' })];
  good = tsa.reply(timestampRequest(IMPRINT, NONCE));
});
afterAll(() => {
  rmSync(dir, { recursive: true });
  tsa.close();
  rsa.close();
});

const question = (over: object = {}) => ({ imprint: IMPRINT, nonce: NONCE, authorities: [tsa.authority], ...over });
const openssl = (...args: string[]) =>
  execFileSync('openssl', args, { cwd: dir, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

it('asks in a form that openssl reads', () => {
  writeFileSync(path.join(dir, 'q.tsq'), timestampRequest(IMPRINT, NONCE));
  const text = openssl('ts', '-query', '-in', 'q.tsq', '-text');
  expect(text).toContain('Hash Algorithm: sha256');
  expect(text).toContain('Nonce: 0x4000000000000001');
  expect(text).toContain('Certificate required: yes');
});

it('takes the answers of authorities with either kind of key, and their time', () => {
  for (const one of [tsa, rsa]) {
    const checked = checkTimestamp(
      one.reply(timestampRequest(IMPRINT, NONCE)),
      question({ authorities: [one.authority] }),
    );
    expect(checked).toMatchObject({ ok: true });
    if (checked.ok) expect(Math.abs(checked.at.getTime() - Date.now())).toBeLessThan(60_000);
  }
});

it.each([
  ['other_imprint', { imprint: sha256(Buffer.from('another')) }],
  ['other_nonce', { nonce: Buffer.from('4000000000000002', 'hex') }],
] as const)('refuses %s', (fault, over) => {
  expect(checkTimestamp(good, question(over))).toEqual({ ok: false, fault });
});

it('refuses an authority that is not the one configured, and takes any where none is', () => {
  expect(checkTimestamp(good, question({ authorities: [rsa.authority] }))).toEqual({ ok: false, fault: 'untrusted' });
  expect(checkTimestamp(good, question({ authorities: [] }))).toMatchObject({ ok: true });
});

it.each(['sha1', 'sha512'] as const)('takes a signature that names its certificate by %s', (essDigest) => {
  const one = makeTestTsa({ essDigest });
  const answer = one.reply(timestampRequest(IMPRINT, NONCE));
  expect(checkTimestamp(answer, question({ authorities: [one.authority] }))).toMatchObject({ ok: true });
  one.close();
});

it('follows a chain over an authority, and not over one that has run out or a certificate for a website', () => {
  for (const [options, expected] of [
    [{ issuer: 'ca' }, { ok: true }],
    [
      { issuer: 'ca', isIssuerExpired: true },
      { ok: false, fault: 'untrusted' },
    ],
    [{ issuer: 'web' }, { ok: false, fault: 'untrusted' }],
  ] as const) {
    const one = makeTestTsa(options);
    const answer = one.reply(timestampRequest(IMPRINT, NONCE));
    expect(checkTimestamp(answer, question({ authorities: [one.authority] }))).toMatchObject(expected);
    one.close();
  }
});

describe('tokens of other programs', () => {
  const info = () =>
    der(
      TAG.sequence,
      derInteger(Buffer.from([1])),
      derOid('1.2.3.4.1'),
      der(TAG.sequence, sha256Algorithm(), der(TAG.octetString, IMPRINT)),
      derInteger(Buffer.from([5])),
      derTime(new Date()),
      derInteger(NONCE),
    );
  const check = (token: Buffer, by = rsa) =>
    checkTimestamp(
      der(TAG.sequence, der(TAG.sequence, derInteger(Buffer.from([0]))), token),
      question({ authorities: [by.authority] }),
    );

  it.each(['sha256', 'sha384', 'sha512'])('are taken with RSA and %s, in both paddings', (digest) => {
    expect(check(rsa.sign(info(), ['-md', digest]))).toMatchObject({ ok: true });
    expect(check(rsa.sign(info(), ['-md', digest, '-keyopt', 'rsa_padding_mode:pss']))).toMatchObject({ ok: true });
  });

  it.each(['ed25519', 'ed448'] as const)('are taken with %s', (kind) => {
    const { authority, sign } = makeEdTsa(kind);
    const reply = (token: Buffer) => der(TAG.sequence, der(TAG.sequence, derInteger(Buffer.from([0]))), token);
    const token = sign(info());
    expect(checkTimestamp(reply(token), question({ authorities: [authority] }))).toMatchObject({ ok: true });
    token[token.length - 1]! ^= 1;
    expect(checkTimestamp(reply(token), question({ authorities: [authority] }))).toMatchObject({ ok: false });
  });

  it('are refused with a hash that is broken, as something else than a time-stamp, or without their certificate', () => {
    expect(check(rsa.sign(info(), ['-md', 'sha1']))).toEqual({ ok: false, fault: 'bad_signature' });
    expect(check(rsa.sign(info(), [], '1.2.3.4'))).toEqual({ ok: false, fault: 'malformed' });
    expect(check(rsa.sign(info(), ['-nocerts']))).toEqual({ ok: false, fault: 'bad_certificate' });
  });

  it('are refused when the certificate says only by the way what it is for', () => {
    const careless = makeTestTsa({ isUsageCritical: false });
    expect(check(careless.sign(info()), careless)).toEqual({ ok: false, fault: 'bad_certificate' });
    careless.close();
  });

  it('are refused when the signed type is not that of what is signed', () => {
    const token = rsa.sign(info(), [], '1.2.840.113549.1.9.16.1.5');
    const [other, type] = ['1.2.840.113549.1.9.16.1.5', '1.2.840.113549.1.9.16.1.4'].map(derOid);
    const at = token.indexOf(other!);
    expect(check(Buffer.concat([token.subarray(0, at), type!, token.subarray(at + type!.length)]))).toEqual({
      ok: false,
      fault: 'bad_signature',
    });
  });
});

it('refuses a certificate that has run out, a refusal, and garbage', () => {
  const old = makeTestTsa({ expired: true });
  const answer = old.reply(timestampRequest(IMPRINT, NONCE));
  expect(checkTimestamp(answer, question({ authorities: [] }))).toEqual({ ok: false, fault: 'bad_certificate' });
  old.close();
  expect(checkTimestamp(Buffer.from('3005300302010230', 'hex'), question())).toMatchObject({ ok: false });
  expect(checkTimestamp(Buffer.from('30053003020102', 'hex'), question())).toEqual({ ok: false, fault: 'refused' });
  expect(checkTimestamp(Buffer.alloc(0), question())).toEqual({ ok: false, fault: 'malformed' });
});

it('takes no answer of which one bit was changed for another time, and never throws', () => {
  const whole = checkTimestamp(good, question());
  for (let bit = 0; bit < good.length * 8; bit += 1) {
    const bent = Buffer.from(good);
    bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const checked = checkTimestamp(bent, question());
    if (checked.ok) expect(checked.at).toEqual(whole.ok ? whole.at : null);
  }
  for (let end = 0; end < good.length; end += 7)
    expect(checkTimestamp(good.subarray(0, end), question())).toMatchObject({ ok: false });
});

it('makes time-stamps of its own that openssl verifies, and that say what they are', () => {
  const authority = selfAuthority(Buffer.alloc(32, 7));
  const at = new Date('2026-11-23T10:11:12.345Z');
  writeFileSync(path.join(dir, 'note'), 'a note\n');
  writeFileSync(path.join(dir, 'self.tsr'), selfTimestamp(authority, IMPRINT, randomBytes(8), at));
  writeFileSync(path.join(dir, 'self.pem'), pemOf(authority.certificate));
  openssl('ts', '-verify', '-in', 'self.tsr', '-data', 'note', '-CAfile', 'self.pem');
  expect(openssl('ts', '-reply', '-in', 'self.tsr', '-text')).toContain('Time stamp: Nov 23 10:11:12 2026 GMT');
  expect(openssl('x509', '-in', 'self.pem', '-noout', '-subject')).toContain(SELF_NAME);
  writeFileSync(path.join(dir, 'other'), 'another note\n');
  expect(() => openssl('ts', '-verify', '-in', 'self.tsr', '-data', 'other', '-CAfile', 'self.pem')).toThrow();
});
