import { normaliseWords, withoutAccents } from '../../../../src/domain/unsubscribe/normalise.rules';

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
