import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { secretId, signatureMatches } from '../../../../src/platform/messenger/signature';

const VECTORS = [
  ['sesame', 'hello world', 'f39034b29165ec6a5104d9aef27266484ab26c8caa7bca8bcb2dd02e8be61b17'],
  ['sesame', 'hello world2', '60905fdf409d0b4f721e99f6f25b31567a68a6b45e933d814e17a246be4c5a53'],
  ['secret', '{"text":"\\u00e4\\u00f6\\u00e5"}', 'e0a032bcd95b5b4221b0bb8baa30ee6fd14c58f62c8dd6f1db28eaba120f7e3f'],
  ['secret', '{"text":"äöå"}', '4301ab5d19a1dc3e1dc84569947eecc045d36251a4cc6cd3cd3564ae8d106996'],
] as const;
const [SECRET, TEXT, HEX] = VECTORS[0];
const BODY = Buffer.from(TEXT);

describe('signatureMatches', () => {
  it.each(VECTORS)('knows the vector of %s over %s', (secret, text, hex) => {
    expect(signatureMatches(Buffer.from(text), `sha256=${hex}`, [secret])).toBe(secretId(secret));
  });

  it('refuses a body that was written anew', () => {
    const [secret, , hex] = VECTORS[2];
    expect(signatureMatches(Buffer.from(VECTORS[3][1]), `sha256=${hex}`, [secret])).toBeNull();
  });

  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['sha1', `sha1=${HEX.slice(0, 40)}`],
    ['without its name', HEX],
    ['truncated', `sha256=${HEX.slice(0, 63)}`],
    ['too long', `sha256=${HEX}0`],
    ['in capitals', `sha256=${HEX.toUpperCase()}`],
    ['with a capital name', `SHA256=${HEX}`],
    ['with a line break after it', `sha256=${HEX}\n`],
    ['with a space before it', ` sha256=${HEX}`],
    ['doubled, joined by a comma', `sha256=${HEX}, sha256=${HEX}`],
    ['doubled, as a list', [`sha256=${HEX}`, `sha256=${HEX}`]],
    ['a list of one', [`sha256=${HEX}`]],
    ['of other digits', `sha256=${HEX.replace('f', '0')}`],
  ])('refuses a header that is %s', (_, header) => {
    expect(signatureMatches(BODY, header, [SECRET])).toBeNull();
    expect(signatureMatches(BODY, `sha256=${HEX}`, [SECRET])).not.toBeNull();
  });

  it('says which of several secrets signed, in either order, and none without secrets', () => {
    for (const secrets of [
      ['old', SECRET],
      [SECRET, 'old'],
    ]) {
      expect(signatureMatches(BODY, `sha256=${HEX}`, secrets)).toBe(secretId(SECRET));
    }
    expect(signatureMatches(BODY, `sha256=${HEX}`, ['old', 'older'])).toBeNull();
    expect(signatureMatches(BODY, `sha256=${HEX}`, [])).toBeNull();
  });

  it('names a secret by a hash that does not depend on the body', () => {
    const expected = createHash('sha256').update('assent/secret-id\nsesame').digest('hex').slice(0, 16);
    expect(secretId('sesame')).toBe(expected);
    expect(signatureMatches(Buffer.from('hello world2'), `sha256=${VECTORS[1][2]}`, [SECRET])).toBe(expected);
  });

  it('notices every change of one bit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.nat(), (bytes, at) => {
        const body = Buffer.from(bytes);
        const header = `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`;
        expect(signatureMatches(body, header, [SECRET])).not.toBeNull();
        const index = at % body.length;
        body[index] = body[index]! ^ (1 << (at % 8));
        expect(signatureMatches(body, header, [SECRET])).toBeNull();
      }),
    );
  });
});
