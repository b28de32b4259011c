import { ERASURE_ANSWER_TITLES } from '../../../../src/domain/delivery';
import { REPLY_LANGUAGES } from '../../../../src/domain/delivery/reply-texts.rules';
import { readErasureAnswer } from '../../../../src/domain/unsubscribe';
import { classifyWord } from '../../../../src/domain/unsubscribe/words.rules';
import type { ErasureAnswer } from '../../../../src/domain/unsubscribe/words.types';

const TITLES = (Object.keys(ERASURE_ANSWER_TITLES) as ErasureAnswer[]).flatMap((answer) =>
  ERASURE_ANSWER_TITLES[answer].map((title) => ({ title, answer })),
);

it('reads each title of each language for that one answer, in capitals and with punctuation too', () => {
  expect(TITLES).toHaveLength(3 * REPLY_LANGUAGES.length);
  for (const { title, answer } of TITLES)
    for (const typed of [title, ` ${title.toUpperCase()}! `, `«${title}»`])
      expect([typed, readErasureAnswer(typed)]).toEqual([typed, answer]);
});

it('reads them without their accents', () => {
  expect(readErasureAnswer('alles loschen')).toBe('erase_yes');
  expect(readErasureAnswer('usun wszystko')).toBe('erase_yes');
  expect(readErasureAnswer('wissen en blokkeren')).toBe('erase_and_mark');
  expect(readErasureAnswer('garder mes donnees')).toBe('erase_no');
});

it('has no title that is a word for anything but asking', () => {
  const meanings = TITLES.map(({ title, answer }) => ({ title, answer, word: classifyWord(title) }));
  expect(meanings.filter(({ word }) => word !== null && word !== 'erase')).toEqual([]);
  expect(meanings.filter(({ answer, word }) => answer === 'erase_no' && word !== null)).toEqual([]);
});

it('takes nothing else for an answer', () => {
  const others = [
    'delete',
    'delete my data',
    'yes',
    'Delete everything?',
    'حذف كل شيء؟',
    'please delete everything',
    '',
    ' ',
  ];
  for (const text of [...others, 'do not delete everything', `${'x'.repeat(200)} delete everything`])
    expect([text, readErasureAnswer(text)]).toEqual([text, null]);
});
