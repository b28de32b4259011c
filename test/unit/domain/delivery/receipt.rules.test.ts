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

it.each([
  ['an opt-in', [OPT_IN], { grant: OPT_IN, withdrawal: null }],
  ['a withdrawal after it', [OPT_IN, WITHDRAW], { grant: OPT_IN, withdrawal: WITHDRAW }],
  ['a return', [OPT_IN, WITHDRAW, AGAIN], { grant: AGAIN, withdrawal: null }],
  ['a conversation that allows replies only', [REPLY_ONLY], { grant: null, withdrawal: null }],
  ['a withdrawal before anything', [WITHDRAW], { grant: null, withdrawal: WITHDRAW }],
])('reads %s', (_name, history, expected) => {
  expect(consentOf(history)).toEqual(expected);
});

const COUNTS = { grant: OPT_IN, withdrawal: null };

it('says when, how and with which words', () => {
  expect(receiptText('en', COUNTS, 'Offers, twice a week.')).toBe(
    'You opened this conversation on 2026-11-21 09:59 UTC. It counts as agreeing to get messages here. You were shown:\n\u201cOffers, twice a week.\u201d',
  );
  expect(receiptText('en', { grant: AGAIN, withdrawal: null }, null)).toContain(
    'You agreed to get messages here on 2026',
  );
  expect(receiptText('en', { grant: OPT_IN, withdrawal: WITHDRAW }, null)).toContain('You unsubscribed on 2026-11-22');
  expect(receiptText('en', { grant: null, withdrawal: null }, null)).toBe('You have not agreed to get messages here.');
});

it.each(REPLY_LANGUAGES)(
  'fits a button template in %s, however long the wording, and has its own words',
  (language) => {
    for (const wording of ['x'.repeat(640), '\u{1f600}'.repeat(320), 'short']) {
      const text = receiptText(language, { grant: OPT_IN, withdrawal: WITHDRAW }, wording);
      expect(text.length).toBeLessThanOrEqual(640);
      expect(text).toContain('2026-11-21 09:59 UTC');
      expect(Buffer.from(text).toString()).toBe(text);
      expect(text.includes('short')).toBe(wording === 'short');
    }
    if (language !== 'en') expect(receiptText(language, COUNTS, null)).not.toBe(receiptText('en', COUNTS, null));
  },
);
