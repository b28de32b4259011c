/** What a word of a person asks for. */
export type WordKind = 'stop' | 'start' | 'erase' | 'my_consent' | 'my_data';

/** The answers to the question whether everything shall be deleted. */
export type ErasureAnswer = 'erase_yes' | 'erase_and_mark' | 'erase_no';

/**
 * The words of one language, written as a person would write them.
 *
 * A phrase that begins with "=" counts only with its accents: without them it would be another word. Every other one
 * counts without them too.
 */
export interface LanguageWords {
  /** BCP 47 tag. */
  readonly language: string;
  readonly stop: readonly string[];
  /** Taken to the letter, without polite words around: a return must be unmistakable. */
  readonly start: readonly string[];
  /** Words of politeness or haste that may stand before or after a stop word. */
  readonly polite: readonly string[];
  /** True for languages that write polite words onto the word itself. */
  readonly isJoined?: boolean;
}
