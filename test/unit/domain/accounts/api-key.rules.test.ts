import fc from 'fast-check';
import {
  formatApiKey,
  parseApiKey,
  prefixFrom,
  secretHash,
  secretMatches,
} from '../../../../src/domain/accounts/api-key.rules';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map((b) => Buffer.from(b));

describe('the text of an API key', () => {
  it('gives back prefix and secret, whatever the random bytes were', () => {
    fc.assert(
      fc.property(bytes(8), bytes(32), (random, secretBytes) => {
        const text = { prefix: prefixFrom(random), secret: secretBytes.toString('base64url') };
        expect(formatApiKey(text)).toMatch(/^assent_[a-z2-7]{8}_[A-Za-z0-9_-]{43}$/);
        expect(parseApiKey(formatApiKey(text))).toEqual(text);
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['a key of something else', 'sk_live_abcdefgh'],
    ['a short secret', `assent_abcdefgh_${'x'.repeat(42)}`],
    ['a long secret', `assent_abcdefgh_${'x'.repeat(44)}`],
    ['a capital in the prefix', `assent_Abcdefgh_${'x'.repeat(43)}`],
    ['a line end', `assent_abcdefgh_${'x'.repeat(43)}\n`],
  ])('refuses %s', (_case, text) => {
    expect(parseApiKey(text)).toBeNull();
  });
});

describe('the comparison of secrets', () => {
  const secret = 'a'.repeat(43);

  it('accepts the secret and nothing that differs in one character', () => {
    expect(secretMatches(secret, secretHash(secret))).toBe(true);
    for (let at = 0; at < secret.length; at += 1) {
      expect(secretMatches(`${secret.slice(0, at)}b${secret.slice(at + 1)}`, secretHash(secret))).toBe(false);
    }
  });

  it('refuses a stored value that is no hash', () => {
    expect(secretMatches(secret, Buffer.alloc(0))).toBe(false);
    expect(secretMatches(secret, secretHash(secret).subarray(0, 31))).toBe(false);
  });
});
