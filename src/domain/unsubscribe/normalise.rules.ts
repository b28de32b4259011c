/**
 * A longer text says more than a word; reading it would only find words in sentences. Unicode's forms take the square of the length
 * where a text is all accents, so that is asked first.
 */
export const MAX_WORD_CHARS = 200;

const APOSTROPHES = /['\u2018\u2019\u201b\u02bc\u00b4`\uff07\u05f3]/gu;
/** Characters without a shape of their own, and the frame of keycap emoji. */
const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}]|\u20e3/gu;
const NOT_A_WORD = /[^\p{L}\p{M}\p{N}]+/gu;
/** Vowel signs of Arabic and Hebrew, which are rarely written, and the Arabic letter stretcher. */
const POINTS = /[\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0640]/gu;

/** Letters that people use for one another, on each other's keyboards. */
const SAME_LETTERS: ReadonlyMap<string, string> = new Map([
  ...pairs('آأإٱ', 'ا'),
  ...pairs('ىیئ', 'ي'),
  ...pairs('ک', 'ك'),
  ...pairs('ةہۃھ', 'ه'),
  ...pairs('ؤ', 'و'),
  ...pairs('ё', 'е'),
  ...pairs('ς', 'σ'),
  ...pairs('ı', 'i'),
  ...pairs('ß', 'ss'),
  ...pairs('ş', 'ș'),
  ...pairs('ţ', 'ț'),
]);
const SAME_LETTER = new RegExp(`[${[...SAME_LETTERS.keys()].join('')}]`, 'gu');

/** Letters that carry their stroke inside and so do not lose it when accents are taken off. */
const STROKES: ReadonlyMap<string, string> = new Map([
  ['ł', 'l'],
  ['đ', 'd'],
  ['ø', 'o'],
  ['æ', 'ae'],
  ['œ', 'oe'],
]);

/** Accents are optional in the Latin and Greek scripts alone: elsewhere a mark makes another letter. */
const LATIN_OR_GREEK = /^[\p{Script=Latin}\p{Script=Greek}\p{Script=Inherited}\p{Script=Common}]+$/u;

/**
 * Brings a message to the form in which words are looked up: width, case, punctuation, emoji and invisible characters
 * do not matter, words are divided by one space. A word spelt letter by letter ("S.T.O.P") is put together.
 *
 * @returns nothing for a text that is too long to be words
 */
export function normaliseWords(text: string): string {
  if (text.length > MAX_WORD_CHARS) return '';
  const words = text
    .replace(APOSTROPHES, '')
    .normalize('NFKC')
    .toLowerCase()
    .normalize('NFKC')
    .replace(/i\u0307/gu, 'i')
    .replace(INVISIBLE, '')
    .replace(POINTS, '')
    .replace(SAME_LETTER, (letter) => SAME_LETTERS.get(letter) ?? letter)
    .replace(NOT_A_WORD, ' ')
    .trim();
  return /^\p{L}(?: \p{L}){2,}$/u.test(words) ? words.replaceAll(' ', '') : words;
}

/** A normalised word without its accents; unchanged in scripts where they are not optional. */
export function withoutAccents(word: string): string {
  if (word.length > MAX_WORD_CHARS || !LATIN_OR_GREEK.test(word)) return word;
  return word
    .replace(/[łđøæœ]/gu, (letter) => STROKES.get(letter) ?? letter)
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/gu, '')
    .normalize('NFC');
}

function pairs(letters: string, same: string): readonly (readonly [string, string])[] {
  return Array.from(letters, (letter) => [letter, same] as const);
}
