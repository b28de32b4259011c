import fc from 'fast-check';
import { canonicalJson, parseCanonicalJson } from '../../../../src/kernel/crypto/jcs';

const key = fc.stringMatching(/^[a-z0-9_]{1,8}$/).filter((name) => name !== '__proto__');
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    fc.string({ unit: 'binary' }),
    fc.maxSafeInteger().map((n) => n + 0),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

const reversed = (of: unknown): unknown => {
  if (Array.isArray(of)) return of.map(reversed);
  if (typeof of !== 'object' || of === null) return of;
  return Object.fromEntries(
    Object.entries(of)
      .reverse()
      .map(([name, item]) => [name, reversed(item)]),
  );
};

const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });

describe('canonicalJson', () => {
  it('sorts keys, writes no blanks and leaves arrays in order', () => {
    const text = canonicalJson({ b: [3, 1, { z: null, a: true }], a_1: 'é"\n\u2028', a: -7 }).toString('utf8');
    expect(text).toBe('{"a":-7,"a_1":"é\\"\\n\u2028","b":[3,1,{"a":true,"z":null}]}');
  });

  it('gives the same bytes whatever the order of keys, and JSON.parse gives the value back', () => {
    fc.assert(
      fc.property(value, (of) => {
        const bytes = canonicalJson(of);
        expect(canonicalJson(reversed(of)).equals(bytes)).toBe(true);
        expect(JSON.parse(bytes.toString('utf8'))).toEqual(of);
        expect(parseCanonicalJson(bytes)).toEqual(of);
      }),
    );
  });

  it.each<[string, unknown]>([
    ['a float', 1.5],
    ['an integer beyond 2^53-1', 2 ** 53],
    ['negative zero', -0],
    ['NaN', Number.NaN],
    ['a bigint', 1n],
    ['undefined', undefined],
    ['an undefined member', { a: undefined }],
    ['a hole in an array', [1, , 2]], // eslint-disable-line no-sparse-arrays
    ['a function', () => 1],
    ['a date', new Date(0)],
    ['bytes', Buffer.from('a')],
    ['a map', new Map()],
    ['a symbol key', { [Symbol('a')]: 1 }],
    ['an upper-case key', { A: 1 }],
    ['an empty key', { '': 1 }],
    ['a key with a blank', { 'a b': 1 }],
    ['a lone high surrogate', '\ud800'],
    ['a lone low surrogate', 'a\udc00b'],
    ['nine levels', nested(9)],
    ['more than 16 KiB', 'é'.repeat(8192)],
  ])('refuses %s', (_name, of) => {
    expect(() => canonicalJson(of)).toThrow(expect.objectContaining({ code: 'not_canonical' }) as Error);
  });

  it('accepts what lies just inside the limits', () => {
    expect(canonicalJson('é'.repeat(8191)).length).toBe(16 * 1024);
    expect(canonicalJson(nested(8)).length).toBe(49);
    expect(canonicalJson(Number.MAX_SAFE_INTEGER).toString()).toBe('9007199254740991');
    expect(canonicalJson('\ud83d\ude00').toString()).toBe('"😀"');
  });

  it('keeps the value out of the error', () => {
    expect(() => canonicalJson({ a: 'secret-name\ud800' })).toThrow(/^(?!.*secret-name)/);
  });
});

describe('parseCanonicalJson', () => {
  it.each(['{"a":1,"a":1}', '{"a": 1}', '{"b":1,"a":2}', '{"a":1}\n', '{"a":1.0}', '"\\u0041"', '{', ''])(
    'refuses %j',
    (text) => {
      expect(() => parseCanonicalJson(Buffer.from(text))).toThrow(
        expect.objectContaining({ code: 'not_canonical' }) as Error,
      );
    },
  );

  it('refuses bytes that are not UTF-8', () => {
    expect(() => parseCanonicalJson(Buffer.from([0x22, 0xff, 0x22]))).toThrow(
      expect.objectContaining({ code: 'not_canonical' }) as Error,
    );
  });
});
