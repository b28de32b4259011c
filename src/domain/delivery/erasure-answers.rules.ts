import { REPLY_LANGUAGES, replyTexts } from './reply-texts.rules';

const titlesOf = (name: 'eraseYes' | 'eraseAndMark' | 'eraseNo'): readonly string[] =>
  REPLY_LANGUAGES.map((language) => replyTexts(language)[name]);

/** The titles of the buttons under the question whether everything shall be deleted, in each language in which it is asked. */
export const ERASURE_ANSWER_TITLES = {
  erase_yes: titlesOf('eraseYes'),
  erase_and_mark: titlesOf('eraseAndMark'),
  erase_no: titlesOf('eraseNo'),
} as const;
