import { normaliseWords } from '../../../../src/domain/unsubscribe/normalise.rules';
import { ERASURE_WORDS } from '../../../../src/domain/unsubscribe/words-erasure.rules';
import { PRIVACY_WORDS } from '../../../../src/domain/unsubscribe/words-privacy.rules';
import { classifyWord, WORD_TABLE } from '../../../../src/domain/unsubscribe/words.rules';
import { ORDINARY_MESSAGES } from './words-negative.corpus';
import { START_MESSAGES, STOP_MESSAGES } from './words-positive.corpus';

const flat = (corpus: Readonly<Record<string, readonly string[]>>) =>
  Object.entries(corpus).flatMap(([language, messages]) => messages.map((message) => `${language}: ${message}`));

/** Lists the messages that are not classed as wanted; one failure then shows all of them at once. */
const wrong = (corpus: Readonly<Record<string, readonly string[]>>, wanted: string | null) =>
  Object.entries(corpus).flatMap(([language, messages]) =>
    messages
      .filter((message) => classifyWord(message) !== wanted)
      .map((message) => `${language}: ${message} -> ${classifyWord(message)}`),
  );

const languages = WORD_TABLE.map((row) => row.language);

describe('classifyWord', () => {
  it('stops on every message of the corpus', () => {
    expect(wrong(STOP_MESSAGES, 'stop')).toEqual([]);
    expect(flat(STOP_MESSAGES).length).toBeGreaterThanOrEqual(250);
  });

  it('starts on every message of the corpus', () => {
    expect(wrong(START_MESSAGES, 'start')).toEqual([]);
    expect(flat(START_MESSAGES).length).toBeGreaterThanOrEqual(70);
  });

  it('leaves every ordinary message alone', () => {
    expect(wrong(ORDINARY_MESSAGES, null)).toEqual([]);
    expect(flat(ORDINARY_MESSAGES).length).toBeGreaterThanOrEqual(120);
  });

  it('has a row and a corpus for each of at least 30 languages', () => {
    expect(new Set(languages).size).toBe(languages.length);
    expect(languages.length).toBeGreaterThanOrEqual(30);
    for (const corpus of [STOP_MESSAGES, START_MESSAGES, ORDINARY_MESSAGES]) {
      expect(languages.filter((language) => !(language in corpus))).toEqual([]);
    }
  });

  it('understands every phrase of its own table, also in capitals and with punctuation', () => {
    const bare = (phrase: string) => phrase.replace(/^=/, '');
    for (const row of WORD_TABLE) {
      for (const phrase of row.stop.map(bare)) {
        expect([phrase, classifyWord(phrase), classifyWord(`${phrase.toUpperCase()}!`)]).toEqual([
          phrase,
          'stop',
          'stop',
        ]);
      }
      for (const phrase of row.start) {
        expect([phrase, classifyWord(phrase), classifyWord(`${phrase.toUpperCase()}.`)]).toEqual([
          phrase,
          'start',
          'start',
        ]);
      }
      expect(row.stop.length).toBeGreaterThanOrEqual(8);
      expect(row.start.length).toBeGreaterThanOrEqual(2);
    }
  });

  it('has no phrase that both stops and starts', () => {
    const stops = new Set(WORD_TABLE.flatMap((row) => row.stop.map((phrase) => normaliseWords(phrase))));
    const both = WORD_TABLE.flatMap((row) => row.start).filter((phrase) => stops.has(normaliseWords(phrase)));
    expect(both).toEqual([]);
  });

  it('accepts each polite word of a language around a stop word, and none around a start word', () => {
    for (const row of WORD_TABLE) {
      for (const polite of row.polite) {
        expect([polite, classifyWord(`stop ${polite}`), classifyWord(`${polite}, STOP!`)]).toEqual([
          polite,
          'stop',
          'stop',
        ]);
        expect([polite, classifyWord(`start ${polite}`), classifyWord(polite)]).toEqual([polite, null, null]);
      }
    }
  });

  it('takes a question for no consent', () => {
    for (const question of ['start?', 'subscribe ?', '開始？', 'ابدأ؟']) expect(classifyWord(question)).toBeNull();
  });

  it('gives up on a long message, even one of nothing but the word and spaces', () => {
    expect(classifyWord(`stop${' '.repeat(196)}`)).toBe('stop');
    expect(classifyWord(`stop${' '.repeat(197)}`)).toBeNull();
    expect(classifyWord('please '.repeat(200_000))).toBeNull();
    expect(classifyWord('pls '.repeat(50))).toBeNull();
  });

  it('asks for erasure in every language of the table, with no phrase twice', () => {
    const others = languages.filter((language) => !(language in ERASURE_WORDS));
    expect(others).toEqual([]);
    const twice = PRIVACY_WORDS.erase.filter((phrase, at) => PRIVACY_WORDS.erase.indexOf(phrase) !== at);
    expect(twice).toEqual([]);
  });

  it('reads every word of erasure as one, and none of them as a stop', () => {
    expect(PRIVACY_WORDS.erase.filter((phrase) => classifyWord(phrase) !== 'erase')).toEqual([]);
  });

  it.each([
    ['Delete my data', 'erase'],
    ['forget me', 'erase'],
    ['MEINE DATEN LÖSCHEN', 'erase'],
    ['Please delete my data', 'erase'],
    ['remove my data', 'erase'],
    ['Delete all my data!', 'erase'],
    ['Bitte löschen Sie meine Daten.', 'erase'],
    ['bitte loschen sie meine daten', 'erase'],
    ['Lösche meine Daten', 'erase'],
    ['Daten löschen', 'erase'],
    ["Supprimez mes données, s'il vous plaît", 'erase'],
    ['my consent', 'my_consent'],
    ['Meine Einwilligung', 'my_consent'],
    ['my data', 'my_data'],
    ['mes données', 'my_data'],
    ['mes donnees', 'my_data'],
  ])('reads %s', (message, kind) => {
    expect(classifyWord(message)).toBe(kind);
  });
});
