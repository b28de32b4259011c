import { parse } from 'lossless-json';
import {
  fieldsOf,
  identifier,
  momentMs,
  text,
  textOrDigits,
  wholeNumber,
} from '../../../../src/domain/inbox/fields.rules';

const read = (value: string) => fieldsOf(parse(`{"x":${value}}`));

describe('identifier', () => {
  it.each([
    ['"25381719828140932"', '25381719828140932'],
    ['25381719828140933', '25381719828140933'],
    ['"OPEN_THREAD"', 'OPEN_THREAD'],
    ['""', null],
    ['"a b"', null],
    ['true', null],
    ['{"id":"1"}', null],
    [`"${'1'.repeat(65)}"`, null],
  ])('of %s is %s', (value, wanted) => {
    expect(identifier(read(value), 'x')).toBe(wanted);
  });
});

describe('text', () => {
  it('is the string without what cannot be stored, and null for anything else', () => {
    expect(text(read('"a\\u0000\\udc00b"'), 'x')).toBe('ab');
    expect(text(read('"\ud83d\ude00"'), 'x')).toBe('\u{1f600}');
    expect(text(read('"\\u0000"'), 'x')).toBeNull();
    expect(text(read('5'), 'x')).toBeNull();
    expect(text(null, 'x')).toBeNull();
    expect(textOrDigits(read('5'), 'x')).toBe('5');
  });
});

describe('numbers and moments', () => {
  it('reads whole numbers that are exact, as digits or as text', () => {
    expect(
      ['7', '"7"', '-7', '1.5', '1e3', '9007199254740993', 'null'].map((value) => wholeNumber(read(value), 'x')),
    ).toEqual([7, 7, -7, null, null, null, null]);
  });

  it('reads seconds and milliseconds, and no impossible time', () => {
    expect(
      ['1760000000', '"1760000000"', '1760000000123', '0', '-1', '8640000000000001'].map((value) =>
        momentMs(read(value), 'x'),
      ),
    ).toEqual([1_760_000_000_000, 1_760_000_000_000, 1_760_000_000_123, null, null, null]);
  });
});
