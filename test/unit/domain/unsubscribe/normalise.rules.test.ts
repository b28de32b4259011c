import { normaliseWords, withoutAccents } from '../../../../src/domain/unsubscribe/normalise.rules';
import { classifyWord } from '../../../../src/domain/unsubscribe/words.rules';

describe('normaliseWords', () => {
  it.each([
    ['  Hello,   WORLD! ', 'hello world'],
    ['ＳＴＯＰ', 'stop'],
    ['s\u200bto\u00adp', 'stop'],
    ['s.t.o.p', 'stop'],
    ['a b', 'a b'],
    ["don't", 'dont'],
    ['don´t', 'dont'],
    ['ÇIKIŞ', 'çikiș'],
    ['İPTAL', 'iptal'],
    ['STRASSE straße', 'strasse strasse'],
    ['ΤΕΛΟΣ', 'τελοσ'],
    ['أوقِف', 'اوقف'],
    ['ｽﾄｯﾌﾟ', 'ストップ'],
    ['1️⃣ 👩‍👩‍👧 ok', '1 ok'],
    ['🛑', ''],
  ])('%s', (raw, normal) => {
    expect(normaliseWords(raw)).toBe(normal);
  });

  it('gives the same for what it gave', () => {
    for (const raw of ['Désabonnez-moi!', 'ÇIK', 'कृपया बंद करें', '停止。', 'لغو اشتراک']) {
      expect(normaliseWords(normaliseWords(raw))).toBe(normaliseWords(raw));
    }
  });
});

/** `a` with many accents in the wrong order, so many characters in all. */
const accented = (length: number): string => `a${'\u0301'.repeat(100)}${'\u0323'.repeat(length - 101)}`;

describe('a text that is longer than words are', () => {
  it('is never brought to a form of Unicode, which takes the square of its length', () => {
    const normalize = jest.spyOn(String.prototype, 'normalize');
    expect([normaliseWords(accented(201)), normaliseWords(`stop${' '.repeat(197)}`)]).toEqual(['', '']);
    expect(withoutAccents(accented(201))).toBe(accented(201));
    expect(classifyWord(accented(201))).toBeNull();
    expect(normalize).not.toHaveBeenCalled();
    expect(normaliseWords(accented(200))).toHaveLength(199);
    expect(normaliseWords(`stop${' '.repeat(196)}`)).toBe('stop');
    expect(withoutAccents(accented(200))).toBe('a');
    normalize.mockRestore();
  });
});

describe('withoutAccents', () => {
  it('takes them off Latin and Greek letters only', () => {
    expect(withoutAccents('arrêtez')).toBe('arretez');
    expect(withoutAccents('wypisuję')).toBe('wypisuje');
    expect(withoutAccents('đăng')).toBe('dang');
    expect(withoutAccents('σταμάτα')).toBe('σταματα');
    expect(withoutAccents('прекратить')).toBe('прекратить');
    expect(withoutAccents('йод')).toBe('йод');
    expect(withoutAccents('ガ')).toBe('ガ');
  });
});
