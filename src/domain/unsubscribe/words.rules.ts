import { normaliseWords, withoutAccents } from './normalise.rules';
import { ASIAN_WORDS } from './words-asian.rules';
import { EASTERN_WORDS } from './words-eastern.rules';
import { PRIVACY_WORDS } from './words-privacy.rules';
import { WESTERN_WORDS } from './words-western.rules';
import type { LanguageWords, WordKind } from './words.types';

const ONLY_WITH_ACCENTS = '=';

/** Words that people of every language use, with the polite words of their own. */
const EVERYWHERE: readonly string[] = ['stop', 'unsubscribe'];

/** The table itself, one row a language. */
export const WORD_TABLE: readonly LanguageWords[] = [...WESTERN_WORDS, ...EASTERN_WORDS, ...ASIAN_WORDS];

interface Lookup {
  readonly stop: ReadonlySet<string>;
  readonly polite: readonly string[];
  readonly isJoined: boolean;
}

const LOOKUPS: readonly Lookup[] = WORD_TABLE.map((row) => ({
  stop: new Set([...row.stop, ...EVERYWHERE].flatMap((phrase) => spellings(phrase))),
  polite: [...new Set(row.polite.flatMap((phrase) => spellings(phrase)))],
  isJoined: row.isJoined === true,
}));

const STOP_WORDS = new Set(LOOKUPS.flatMap((lookup) => [...lookup.stop]));
const EXACT: ReadonlyMap<string, WordKind> = new Map([
  ...exact(
    'start',
    WORD_TABLE.flatMap((row) => row.start),
  ),
  ...exact('erase', PRIVACY_WORDS.erase),
  ...exact('my_consent', PRIVACY_WORDS.my_consent),
  ...exact('my_data', PRIVACY_WORDS.my_data),
]);

/**
 * Says whether a message as a whole is one of the words that a person can steer Assent with. A word inside a sentence
 * never counts ("don't stop sending").
 *
 * Stopping is made easy: polite words around it are allowed. Coming back is exact, because a sentence that is only
 * taken for a yes is no consent; a question ("start?") is none either.
 */
export function classifyWord(text: string): WordKind | null {
  const words = normaliseWords(text);
  if (words === '') return null;
  if (STOP_WORDS.has(words)) return 'stop';
  const kind = EXACT.get(words);
  if (kind !== undefined) return kind === 'start' && isQuestion(text) ? null : kind;
  return LOOKUPS.some((lookup) => isPoliteStop(words, lookup)) ? 'stop' : null;
}

/** Whether the sender put a question mark, of whichever script. */
export const isQuestion = (text: string): boolean => /[?\uff1f\u061f\u037e]/u.test(text);

/** Takes polite words off both ends in every order: "na po" may be one polite phrase, or "na" belong to the word. */
function isPoliteStop(words: string, lookup: Lookup): boolean {
  const reached = new Set([words]);
  for (const rest of reached) {
    if (lookup.stop.has(rest)) return true;
    for (const shorter of withoutOnePolite(rest, lookup)) reached.add(shorter);
  }
  return false;
}

function withoutOnePolite(words: string, { polite, isJoined }: Lookup): readonly string[] {
  const gap = isJoined ? '' : ' ';
  return polite.flatMap((phrase) => [
    ...(words.endsWith(gap + phrase) ? [words.slice(0, -phrase.length).trim()] : []),
    ...(words.startsWith(phrase + gap) ? [words.slice(phrase.length).trim()] : []),
  ]);
}

function exact(kind: WordKind, phrases: readonly string[]): readonly (readonly [string, WordKind])[] {
  return phrases.flatMap((phrase) => spellings(phrase).map((spelling) => [spelling, kind] as const));
}

/** Every way to write a phrase: an apostrophe as a gap or not at all, and each word with or without its accents. */
export function spellings(phrase: string): readonly string[] {
  if (phrase.startsWith(ONLY_WITH_ACCENTS)) return [normaliseWords(phrase)];
  const forms = [normaliseWords(phrase), normaliseWords(phrase.replaceAll("'", ' '))];
  return [...new Set(forms.flatMap((form) => accentForms(form.split(' '))))];
}

function accentForms(words: readonly string[]): readonly string[] {
  const [first, ...rest] = words;
  if (first === undefined) return [''];
  const tails = accentForms(rest);
  return [...new Set([first, withoutAccents(first)])].flatMap((head) => tails.map((tail) => `${head} ${tail}`.trim()));
}
