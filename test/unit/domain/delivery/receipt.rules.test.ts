import type { HistoryEntry } from '../../../../src/domain/consent';
import { consentOf, receiptText } from '../../../../src/domain/delivery/receipt.rules';
import { REPLY_LANGUAGES } from '../../../../src/domain/delivery/reply-texts.rules';

const entry = (n: number, kind: string, purposes: readonly string[] = []): HistoryEntry => ({
  entryId: `0000000${String(n)}-0000-4000-8000-000000000000`,
  commitment: '00',
  n,
  kind,
  at: `2026-11-2${String(n)}T10:11:12.345Z`,
  eventAt: kind === 'opt_in' ? `2026-11-2${String(n)}T09:59:12.345Z` : null,
  via: null,
  state: null,
  purposes,
  basis: null,
  notice: null,
});
const MARKETING = ['marketing.broadcast'];
const OPT_IN = entry(1, 'opt_in', MARKETING);
const WITHDRAW = entry(2, 'withdraw');
const AGAIN = entry(3, 're_opt_in', MARKETING);
const REPLY_ONLY = entry(1, 'opt_in', ['reply']);
const sent = (n: number, at: string): HistoryEntry => ({ ...entry(n, 'notice_shown'), at });
const SENT_AFTER = sent(2, '2026-11-21T10:12:00.000Z');
const CONSENT = { ...entry(3, 'consent', MARKETING), eventAt: '2026-11-23T09:00:00.000Z' };
const EARLY = sent(2, '2026-11-22T09:00:00.000Z');

it.each([
  ['an opt-in', [OPT_IN], { grant: OPT_IN, withdrawal: null, shown: null }],
  ['a welcome after it', [OPT_IN, SENT_AFTER], { grant: OPT_IN, withdrawal: null, shown: SENT_AFTER }],
  ['a withdrawal after it', [OPT_IN, WITHDRAW], { grant: OPT_IN, withdrawal: WITHDRAW, shown: null }],
  ['a return', [OPT_IN, WITHDRAW, AGAIN], { grant: AGAIN, withdrawal: null, shown: null }],
  ['a conversation that allows replies only', [REPLY_ONLY, EARLY], { grant: null, withdrawal: null, shown: null }],
  ['a withdrawal before anything', [WITHDRAW], { grant: null, withdrawal: WITHDRAW, shown: null }],
])('reads %s', (_name, history, expected) => {
  expect(consentOf(history)).toEqual(expected);
});

it.each([
  ['the last text before the consent', [sent(1, '2026-11-20T00:00:00.000Z'), EARLY, CONSENT, sent(4, '2026-11-24')], 2],
  ['the first after it where none was before', [CONSENT, sent(4, '2026-11-24'), sent(5, '2026-11-25')], 4],
])('takes %s', (_name, history, n) => {
  expect(consentOf(history).shown?.n).toBe(n);
});

it.each([
  ['before it', EARLY, 'Before that, on 2026-11-22 09:00 UTC'],
  ['after it', sent(4, '2026-11-23T09:05:00.000Z'), 'After that, on 2026-11-23 09:05 UTC'],
  ['after it, though its webhook came later', sent(2, '2026-11-23T09:05:00.000Z'), 'After that'],
  ['after it, though by a clock that is behind', sent(4, '2026-11-23T08:59:00.000Z'), 'After that'],
])('says that a text was sent %s', (_name, shown, words) => {
  expect(receiptText('en', { grant: CONSENT, withdrawal: null, shown }, 'x')).toContain(words);
});

const COUNTS = { grant: OPT_IN, withdrawal: null, shown: SENT_AFTER };
const OPENED = 'You opened this conversation on 2026-11-21 09:59 UTC. It counts as agreeing to get messages here.';

it('says when, how and with which words', () => {
  expect(receiptText('en', COUNTS, 'Offers, twice a week.')).toBe(
    `${OPENED}\nAfter that, on 2026-11-21 10:12 UTC, this text was sent to you:\n\u201cOffers, twice a week.\u201d`,
  );
  expect(receiptText('en', { grant: AGAIN, withdrawal: null, shown: null }, null)).toBe(
    'You agreed to get messages here on 2026-11-23 10:11 UTC.',
  );
  expect(receiptText('en', { grant: OPT_IN, withdrawal: WITHDRAW, shown: null }, null)).toBe(
    `You unsubscribed on 2026-11-22 10:11 UTC. You get no more messages here.\n${OPENED}`,
  );
  expect(receiptText('en', { grant: null, withdrawal: null, shown: null }, null)).toBe(
    'You have not agreed to get messages here.',
  );
});

it('claims no text that nobody was sent, or that is not known', () => {
  expect(receiptText('en', { ...COUNTS, shown: null }, 'a wording')).toBe(OPENED);
  expect(receiptText('en', COUNTS, null)).toBe(OPENED);
});

it.each(REPLY_LANGUAGES)(
  'fits a button template in %s, however long the wording, and has its own words',
  (language) => {
    for (const wording of ['x'.repeat(640), '\u{1f600}'.repeat(320), 'short']) {
      const text = receiptText(language, { ...COUNTS, withdrawal: WITHDRAW }, wording);
      expect(text.length).toBeLessThanOrEqual(640);
      expect(text).toContain('2026-11-21 09:59 UTC');
      expect(text).toContain('2026-11-21 10:12 UTC');
      expect(Buffer.from(text).toString()).toBe(text);
      expect(text.includes('short')).toBe(wording === 'short');
    }
    if (language !== 'en') expect(receiptText(language, COUNTS, null)).not.toBe(receiptText('en', COUNTS, null));
  },
);
