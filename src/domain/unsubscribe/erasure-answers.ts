import { ERASURE_ANSWER_TITLES } from '../delivery';
import { normaliseWords } from './normalise.rules';
import { isQuestion, spellings } from './words.rules';
import type { ErasureAnswer } from './words.types';

const ANSWERS: ReadonlyMap<string, ErasureAnswer> = new Map(
  (Object.keys(ERASURE_ANSWER_TITLES) as ErasureAnswer[]).flatMap((answer) =>
    ERASURE_ANSWER_TITLES[answer].flatMap((title) => spellings(title).map((spelling) => [spelling, answer] as const)),
  ),
);

/**
 * Says whether a message is the title of one of the answers to the question whether everything shall be deleted, typed instead of tapped.
 * It is an answer only where that question was asked. Whoever asks in return ("delete everything?") has not answered.
 */
export function readErasureAnswer(text: string): ErasureAnswer | null {
  return isQuestion(text) ? null : (ANSWERS.get(normaliseWords(text)) ?? null);
}
