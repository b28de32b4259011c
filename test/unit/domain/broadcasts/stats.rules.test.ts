import * as fc from 'fast-check';
import { statsOf, type StatsRow } from '../../../../src/domain/broadcasts/stats.rules';

const none = { delivered: 0, read: 0, clicked: 0, unsubscribed: 0 };

test('rows of several Pages are added up', () => {
  const rows: StatsRow[] = [
    { pageId: '1', status: 'accepted', reason: null, count: 5, delivered: 4, read: 3, clicked: 2, unsubscribed: 1 },
    { pageId: '2', status: 'accepted', reason: null, count: 1, delivered: 1, read: 0, clicked: 0, unsubscribed: 0 },
    { pageId: '1', status: 'skipped', reason: 'unsubscribed', count: 2, ...none },
    { pageId: '2', status: 'skipped', reason: 'unsubscribed', count: 3, ...none },
    { pageId: '1', status: 'skipped', reason: 'cancelled', count: 4, ...none },
    { pageId: '1', status: 'pending', reason: null, count: 7, ...none },
  ];
  expect(statsOf(rows)).toEqual({
    audience: 22,
    pending: 7,
    sending: 0,
    held: 0,
    accepted: 6,
    rejected: 0,
    uncertain: 0,
    skipped: { unsubscribed: 5, cancelled: 4 },
    delivered: 5,
    read: 3,
    clicked: 2,
    unsubscribed: 1,
  });
  expect(statsOf([])).toMatchObject({ audience: 0, skipped: {} });
});

test('a receipt of a message that was not accepted is not counted: the four are subsets of accepted', () => {
  const rows: StatsRow[] = [
    { pageId: '1', status: 'uncertain', reason: null, count: 3, delivered: 3, read: 3, clicked: 3, unsubscribed: 3 },
  ];
  expect(statsOf(rows)).toMatchObject({
    uncertain: 3,
    accepted: 0,
    delivered: 0,
    read: 0,
    clicked: 0,
    unsubscribed: 0,
  });
});

const row: fc.Arbitrary<StatsRow> = fc
  .record({
    pageId: fc.constantFrom('1', '2', '3'),
    status: fc.constantFrom('pending', 'sending', 'held', 'accepted', 'rejected', 'uncertain', 'skipped'),
    reason: fc.constantFrom('unsubscribed', 'window_closed', 'cancelled', 'erased'),
    count: fc.nat(1_000_000),
    delivered: fc.nat(100),
    read: fc.nat(100),
    clicked: fc.nat(100),
    unsubscribed: fc.nat(100),
  })
  .map((made) => ({ ...made, reason: made.status === 'skipped' ? made.reason : null }));

test('the numbers always add up, as a whole and by Page', () => {
  fc.assert(
    fc.property(fc.array(row), (rows) => {
      const whole = statsOf(rows);
      const skipped = Object.values(whole.skipped).reduce((sum, count) => sum + count, 0);
      const { pending, sending, held, accepted, rejected, uncertain } = whole;
      expect(whole.audience).toBe(pending + sending + held + accepted + rejected + uncertain + skipped);
      const pages = ['1', '2', '3'].map((id) => statsOf(rows.filter((each) => each.pageId === id)));
      expect(pages.reduce((sum, page) => sum + page.audience, 0)).toBe(whole.audience);
    }),
  );
});
