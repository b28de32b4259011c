import { META_LIMITS } from '../../../../config/meta-limits';
import { MAX_REPLY_AGE_MS, renderReply, replySkipReason } from '../../../../src/domain/delivery/replies.rules';
import { REPLY_LANGUAGES, replyTexts } from '../../../../src/domain/delivery/reply-texts.rules';

const KINDS = [
  'welcome',
  'confirm_unsubscribed',
  'confirm_subscribed',
  'ask_subscribe',
  'notice_link',
  'my_consent',
  'my_data',
  'ask_erasure',
  'erasure_link',
] as const;
const MODES = ['conversation_start', 'explicit'] as const;

it('has words for the languages promised', () => {
  const promised = ['en', 'de', 'fr', 'es', 'it', 'pt', 'nl', 'pl', 'tr', 'ru', 'uk', 'ar'];
  expect(REPLY_LANGUAGES).toEqual(expect.arrayContaining(promised));
});

it.each(REPLY_LANGUAGES)('keeps to the limits of Meta in %s', (language) => {
  const facts = {
    language,
    noticeUrl: 'https://a.example/n/x',
    notice: 'A notice',
    erasureUrl: 'https://a.example/erasure/x#y',
    receipt: 'A receipt',
  };
  const contents = KINDS.flatMap((kind) => MODES.map((optInMode) => renderReply({ ...facts, kind, optInMode })));
  for (const { attachment } of contents) {
    const { text, buttons } = attachment.payload;
    expect(text.length).toBeGreaterThan(0);
    expect(text.length).toBeLessThanOrEqual(META_LIMITS.buttonTemplateTextChars.max);
    expect(buttons.length).toBeGreaterThan(0);
    expect(buttons.length).toBeLessThanOrEqual(META_LIMITS.templateButtons.max);
    const titles = buttons.map(({ title }) => title.length);
    expect(Math.min(...titles)).toBeGreaterThan(0);
    expect(Math.max(...titles)).toBeLessThanOrEqual(META_LIMITS.buttonTitleChars.max);
  }
});

it('finds the language of a locale and falls back to English', () => {
  expect(replyTexts('de_AT')).toBe(replyTexts('de'));
  expect(replyTexts('DE-at')).toBe(replyTexts('de'));
  expect(replyTexts('tlh_XX')).toBe(replyTexts('en'));
});

const subscribed = { status: 'subscribed', isRestricted: false } as const;
const erasing = { status: 'erasing', isRestricted: false } as const;
const left = { status: 'unsubscribed', isRestricted: false } as const;

it.each([
  ['welcome', subscribed, 0, null],
  ['welcome', subscribed, MAX_REPLY_AGE_MS, null],
  ['welcome', subscribed, MAX_REPLY_AGE_MS + 1, 'window_closed'],
  ['welcome', left, 0, 'unsubscribed'],
  ['welcome', { status: 'suppressed', isRestricted: false }, 0, null],
  ['confirm_unsubscribed', left, 0, null],
  ['ask_subscribe', left, 0, null],
  ['ask_erasure', left, 0, null],
  ['confirm_unsubscribed', erasing, 0, 'erased'],
  ['test', erasing, 0, 'erased'],
  ['erasure_link', erasing, 0, null],
  ['test', left, 0, 'unsubscribed'],
  ['test', { status: 'subscribed', isRestricted: true }, 0, 'restricted'],
  ['test', subscribed, 0, null],
] as const)('%s to %o after %i ms: %s', (kind, lead, ageMs, reason) => {
  expect(replySkipReason(kind, lead, ageMs)).toBe(reason);
});
