import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { counterOf, tableOf } from '../../../../src/domain/footprint/counter.rules';
import { needlesOf } from '../../../../src/domain/footprint/needles.rules';

const VALUE = 'Jos\u00e9 M\u00fcller';
const tableFor = (value: string) => tableOf(needlesOf(value));
const found = (value: string, bytes: Buffer): boolean => {
  const counter = counterOf(tableFor(value));
  counter.add(bytes);
  return counter.found().size > 0;
};
const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8');

const FORMS: readonly (readonly [form: string, write: (value: string) => Buffer])[] = [
  ['UTF-8', utf8],
  ['NFD', (value) => utf8(value.normalize('NFD'))],
  ['upper case', (value) => utf8(value.toUpperCase())],
  ['lower case', (value) => utf8(value.toLowerCase())],
  ['UTF-16', (value) => Buffer.from(value, 'utf16le')],
  ['hex', (value) => utf8(utf8(value).toString('hex'))],
  ['HEX', (value) => utf8(utf8(value).toString('hex').toUpperCase())],
  ['base64', (value) => utf8(utf8(value).toString('base64'))],
  ['base64 behind one byte', (value) => utf8(utf8(`x${value}yz`).toString('base64'))],
  ['base64url behind two bytes', (value) => utf8(utf8(`xx${value}y`).toString('base64url'))],
  [
    'JSON escapes',
    (value) =>
      utf8(
        Array.from(
          { length: value.length },
          (_, at) => `\\u${value.charCodeAt(at).toString(16).padStart(4, '0')}`,
        ).join(''),
      ),
  ],
  ['an address', (value) => utf8(encodeURIComponent(value))],
  [
    'an address, every byte',
    (value) => utf8([...utf8(value)].map((b) => `%${b.toString(16).padStart(2, '0')}`).join('')),
  ],
  ['a bare hash', (value) => createHash('sha256').update(value).digest()],
  ['a bare hash in hex', (value) => utf8(createHash('sha256').update(value).digest('hex'))],
  ['a bare hash in base64url', (value) => utf8(createHash('sha256').update(value).digest('base64url'))],
];

it.each(FORMS)('finds a value as %s', (_form, write) => {
  expect(found(VALUE, Buffer.concat([utf8('before '), write(VALUE), utf8(' behind')]))).toBe(true);
  expect(found(VALUE, Buffer.concat([utf8('before '), write('Somebody Else'), utf8(' behind')]))).toBe(false);
});

it.each([
  ['a UUID', '5c8a8f4e-64b0-4b7a-9c54-0d2b1b0e7a11'],
  ['hex', '5C8A8F4E64B0'],
])('finds %s as the bytes that it stands for', (_form, id) => {
  const bytes = Buffer.from(id.replaceAll('-', ''), 'hex');
  expect(found(id, Buffer.concat([utf8('before '), bytes, utf8(' behind')]))).toBe(true);
  expect(found(id, Buffer.concat([utf8('before '), bytes.subarray(1), utf8(' behind')]))).toBe(false);
});

it('finds any value in any of these forms, wherever a piece ends', () => {
  const values = fc.string({
    unit: fc.constantFrom('a', 'b', 'c', 'X', 'Y', 'Z', '0', '9', ' ', '+', '/', '?', '~'),
    minLength: 9,
    maxLength: 30,
  });
  fc.assert(
    fc.property(
      values,
      fc.uint8Array(),
      fc.uint8Array(),
      fc.nat(),
      fc.constantFrom(...FORMS),
      (value, before, behind, cut, [, write]) => {
        const all = Buffer.concat([Buffer.from(before), write(value), Buffer.from(behind)]);
        const at = cut % (all.length + 1);
        const [whole, parted] = [counterOf(tableFor(value)), counterOf(tableFor(value))];
        whole.add(all);
        parted.add(all.subarray(0, at));
        parted.add(all.subarray(at));
        expect(whole.found().size).toBeGreaterThan(0);
        expect([...parted.found()].sort()).toEqual([...whole.found()].sort());
      },
    ),
  );
});

it('finds nothing across two values', () => {
  const counter = counterOf(tableFor('abcdefgh'));
  counter.add(utf8('abcd'));
  counter.begin();
  counter.add(utf8('efgh'));
  expect(counter.found().size).toBe(0);
});

it('looks for no form so short that it stands everywhere', () => {
  expect(needlesOf('abcdef').filter(({ bytes }) => bytes.length < 6)).toEqual([]);
});
