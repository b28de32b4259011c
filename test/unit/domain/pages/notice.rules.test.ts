import fc from 'fast-check';
import {
  changedTexts,
  checkNameInNotice,
  checkNoticeChange,
  defaultNoticeText,
  introduction,
  languagesToTry,
  noticeBody,
  noticeSha256,
  noticeText,
  NOTICE_MAX_CHARACTERS,
} from '../../../../src/domain/pages/notice.rules';

const PAGE = 'Harbour Coffee';

describe('the welcome wording', () => {
  it('always begins with who is talking', () => {
    expect(noticeBody('en', PAGE, 'We send offers weekly.')).toBe(
      'I am the automated assistant of Harbour Coffee. We send offers weekly.',
    );
    expect(noticeBody('de_AT', PAGE, 'Angebote, einmal die Woche.')).toBe(
      'Ich bin der automatische Assistent von Harbour Coffee. Angebote, einmal die Woche.',
    );
    expect(introduction('xx', PAGE)).toBe(introduction('en', PAGE));
  });

  it('comes back as it was written, also when a caller sends the whole of what it read', () => {
    const language = fc.constantFrom('en', 'de', 'ar', 'bn', 'vi', 'xx');
    fc.assert(
      fc.property(language, fc.string({ minLength: 1 }), (tag, text) => {
        const body = noticeBody(tag, PAGE, text);
        fc.pre(!text.trim().startsWith(introduction(tag, PAGE)));
        expect(noticeText(tag, PAGE, body)).toBe(text.trim());
      }),
    );
  });

  it('has a default that fits for the longest name, in both modes', () => {
    for (const mode of ['conversation_start', 'explicit'] as const) {
      expect(checkNoticeChange({ en: defaultNoticeText(mode) }, 'x'.repeat(100))).toEqual([]);
    }
  });

  it('is hashed over its exact bytes', () => {
    expect(noticeSha256('é').toString('hex')).toBe('4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c');
  });
});

describe('a change of the wording', () => {
  it('has room up to the limit of a button template, fixed opening included', () => {
    const room = NOTICE_MAX_CHARACTERS - noticeBody('en', PAGE, '').length;
    expect(checkNoticeChange({ en: 'x'.repeat(room) }, PAGE)).toEqual([]);
    expect(noticeBody('en', PAGE, 'x'.repeat(room))).toHaveLength(640);
    expect(checkNoticeChange({ en: 'x'.repeat(room + 1) }, PAGE)).toMatchObject([{ pointer: '/notice/en' }]);
  });

  it.each<[string, Record<string, string | null>, string]>([
    ['no words of its own', { en: `  ${introduction('en', PAGE)} ` }, '/notice/en'],
    ['nothing at all', { de: ' ' }, '/notice/de'],
    ['half a character', { en: 'offers \ud83d' }, '/notice/en'],
    ['a NUL', { en: 'offers \u0000' }, '/notice/en'],
    ['a C1 control', { en: 'offers \u0085' }, '/notice/en'],
    ['a bidi override', { de: 'Angebote \u202e' }, '/notice/de'],
    ['a bidi isolate', { de: 'Angebote \u2066' }, '/notice/de'],
    ['no English any more', { en: null }, '/notice/en'],
    ['a strange language', { 'x/y': 'offers' }, '/notice/x~1y'],
  ])('is refused with %s', (_case, change, pointer) => {
    expect(checkNoticeChange(change, PAGE).map((error) => error.pointer)).toEqual([pointer]);
  });

  it('may stand on several lines', () => {
    expect(checkNoticeChange({ en: 'offers\n\tonce a week\r\nno more' }, PAGE)).toEqual([]);
  });

  it('has at most 40 languages with English, however they are spelt', () => {
    const tags = Array.from({ length: 40 }, (_, n) => `x${String.fromCharCode(97 + (n % 26))}${n < 26 ? '' : 'b'}`);
    const written = (some: readonly string[]) => Object.fromEntries(some.map((tag) => [tag, 'offers']));
    expect(checkNoticeChange({ ...written(tags.slice(1)), en: 'offers' }, PAGE)).toEqual([]);
    expect(checkNoticeChange({ ...written(tags.slice(2)), 'pt-BR': 'a', pt_br: 'b' }, PAGE)).toEqual([]);
    expect(checkNoticeChange({ ...written(tags), zz: null }, PAGE).map((error) => error.pointer)).toEqual(['/notice']);
  });

  it.each(['Corner \u0000', 'Corner \u202e', 'Corner \u2069'])('carries no name that is not text', (name) => {
    expect(checkNameInNotice(name).map((error) => error.pointer)).toEqual(['/name']);
    expect(checkNameInNotice('Corner')).toEqual([]);
  });

  it('adds, replaces and removes languages and leaves the others', () => {
    const current = new Map([
      ['en', 'one'],
      ['de', 'eins'],
      ['fr', 'un'],
    ]);
    const next = changedTexts(current, { 'pt-br': ' um ', de: null, fr: noticeBody('fr', PAGE, 'deux') }, PAGE);
    expect([...next]).toEqual([
      ['en', 'one'],
      ['fr', 'deux'],
      ['pt_BR', 'um'],
    ]);
  });
});

it.each([
  ['pt_BR', ['pt_BR', 'pt', 'en']],
  ['de-at', ['de_AT', 'de', 'en']],
  ['en', ['en']],
  ['', ['', 'en']],
])('looks for the language %j and ends with English', (tag, expected) => {
  expect(languagesToTry(tag)).toEqual(expected);
});
