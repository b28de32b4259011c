import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { readSignedRequest } from '../../../../src/platform/messenger/signed-request';

const NOW = new Date('2026-11-26T12:00:00Z');
const SECONDS = Math.floor(NOW.getTime() / 1_000);
const fields = { algorithm: 'HMAC-SHA256', user_id: '218471', issued_at: SECONDS - 10, expires: SECONDS + 3_600 };

interface Signing {
  readonly secret?: string;
  readonly encoding?: 'base64' | 'base64url';
}
function sign(value: unknown, { secret = 'secret', encoding = 'base64url' }: Signing = {}): string {
  const payload = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString(encoding);
  return `${createHmac('sha256', secret).update(payload).digest().toString(encoding)}.${payload}`;
}
const read = (text: string, secrets = ['another', 'secret']) => readSignedRequest(text, secrets, NOW);
const fault = (name: string) => ({ ok: false, fault: name });

it('reads what Meta signs with any of the secrets, in either alphabet, with padding or without', () => {
  const request = { userId: '218471', issuedAt: SECONDS - 10 };
  for (const encoding of ['base64url', 'base64'] as const)
    for (const secret of ['another', 'secret'])
      expect(read(sign(fields, { secret, encoding }))).toEqual({ ok: true, request });
  expect(read(sign({ ...fields, expires: 0, algorithm: 'hmac-sha256' }))).toEqual({ ok: true, request });
});

it.each([
  [
    'padded standard base64, in lines',
    'uLQw26KrDdDhZA+Cbvhjm1Y5SB1LiUej9tAXWWXhb9s=.ewogICAib2F1dGhfdG9rZW4iOiAie3VzZXItYWNjZXNzLXRva2VufSIsCiAgICJhbGdvcml0aG0iOiAiSE1BQy1TSEEyNTYiLAogICAiZXhwaXJlcyI6IDEyOTE4NDA0MDAsCiAgICJpc3N1ZWRfYXQiOiAxMjkxODM2ODAwLAogICAidXNlcl9pZCI6ICIyMTg0NzEiCn0=',
  ],
  [
    'base64url without padding',
    '-fwBSpSRt5D9U-ha4XKiZ9gMrcQ2raVsTIJ8JnSTzeM.eyJ1c2VyX2lkIjoiMjE4NDcxIiwiYWxnb3JpdGhtIjoiSE1BQy1TSEEyNTYiLCJpc3N1ZWRfYXQiOjEyOTE4MzY4MDAsImV4cGlyZXMiOjEyOTE4NDA0MDB9',
  ],
])('reads a vector made by others: %s', (_name, text) => {
  const request = { userId: '218471', issuedAt: 1_291_836_800 };
  expect(readSignedRequest(text, ['secret'], new Date(1_291_836_900_000))).toEqual({ ok: true, request });
  expect(readSignedRequest(text, ['secreT'], new Date(1_291_836_900_000))).toEqual(fault('forged'));
});

it.each([
  ['two days and a second ago', { issued_at: SECONDS - 172_801 }],
  ['ahead of the clock', { issued_at: SECONDS + 301 }],
  ['expired', { expires: SECONDS - 1 }],
])('does not take a request that is %s', (_name, change) => {
  expect(read(sign({ ...fields, ...change }))).toEqual(fault('stale'));
});

it.each<[string, unknown]>([
  ['another algorithm', { ...fields, algorithm: 'HMAC-SHA1' }],
  ['no algorithm', { ...fields, algorithm: undefined }],
  ['no person', { ...fields, user_id: undefined }],
  ['a person that is no number', { ...fields, user_id: '21 or 1=1' }],
  ['a person as a number', { ...fields, user_id: 218471 }],
  ['no time', { ...fields, issued_at: undefined }],
  ['a time in words', { ...fields, issued_at: 'now' }],
  ['no object', '"HMAC-SHA256"'],
  ['null', 'null'],
  ['no JSON', '{'],
])('does not take a signed payload with %s', (_name, value) => {
  expect(read(sign(value))).toEqual(fault('malformed'));
});

it.each(['', '.', 'x', 'x.', '.x', 'a.b.c', `${'A'.repeat(44)}.${'A'.repeat(5_000)}`, 'AAAA.e30', 'ä.ö'])(
  'does not take %j',
  (text) => {
    expect(read(text)).toEqual(fault('malformed'));
  },
);

it('takes no text in which one character is another', () => {
  const text = sign(fields);
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.';
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.constantFrom(...alphabet.split('')), (at, character) => {
      if (text[at] === character) return;
      const changed = text.slice(0, at) + character + text.slice(at + 1);
      // The last character of 32 bytes holds two bits that mean nothing.
      const isSame = Buffer.from(changed.split('.')[0]!, 'base64url').equals(
        Buffer.from(text.split('.')[0]!, 'base64url'),
      );
      if (isSame && changed.split('.')[1] === text.split('.')[1]) return;
      expect(read(changed).ok).toBe(false);
    }),
  );
});
