import {
  countDecisions,
  effectiveRate,
  estimateSeconds,
  preflightWarnings,
  type WarnedPage,
  type WarningFacts,
} from '../../../../src/domain/broadcasts/preflight.rules';

test('decisions are counted by reason and path', () => {
  const rows = [
    { pageId: '1', reason: null, path: 'standard', count: 3 },
    { pageId: '2', reason: null, path: 'standard', count: 4 },
    { pageId: '1', reason: 'window_closed', path: null, count: 5 },
    { pageId: '2', reason: 'window_closed', path: null, count: 1 },
  ] as const;
  expect(countDecisions(rows)).toEqual({
    audience: 13,
    eligible: 7,
    paths: { standard: 7 },
    skipped: { window_closed: 6 },
  });
});

test("the Page's own rate is never exceeded", () => {
  expect(effectiveRate(35, null)).toBe(35);
  expect(effectiveRate(35, 10)).toBe(10);
  expect(effectiveRate(35, 300)).toBe(35);
});

test('the slowest Page decides how long it takes', () => {
  expect(estimateSeconds([])).toBe(0);
  expect(estimateSeconds([{ ratePerSecond: 35, eligible: 0 }])).toBe(0);
  expect(estimateSeconds([{ ratePerSecond: 35, eligible: 34_000 }])).toBe(1_050);
  expect(
    estimateSeconds([
      { ratePerSecond: 35, eligible: 340 },
      { ratePerSecond: 2, eligible: 100 },
    ]),
  ).toBe(105);
  expect(estimateSeconds([{ ratePerSecond: 1, eligible: 10 }])).toBe(11);
});

const page: WarnedPage = { uuid: 'p', pageState: 'active', optInMode: 'explicit', ratePerSecond: 35, eligible: 1 };
const facts: WarningFacts = { pages: [page], broadcastRate: null, unknownTags: [], eligible: 1, eligibleAtStart: null };
const codes = (changes: Partial<WarningFacts>) => preflightWarnings({ ...facts, ...changes }).map((each) => each.code);

test('a sound broadcast is told only what its opt-ins prove', () => {
  expect(preflightWarnings(facts)).toEqual([
    { code: 'opt_in_proof', detail: expect.stringContaining('tapped the button') as string, pageUuid: 'p' },
  ]);
  const started = preflightWarnings({ ...facts, pages: [{ ...page, optInMode: 'conversation_start' }] });
  expect(started[0]?.detail).toBe(
    'conversation_start: the person opened the conversation and was shown this text, not more',
  );
});

test.each<[string, Partial<WarningFacts>]>([
  ['nobody_eligible', { eligible: 0 }],
  ['window_closes_before_start', { eligible: 5, eligibleAtStart: 4 }],
  ['unknown_tag', { unknownTags: ['x'] }],
  ['page_not_active', { pages: [{ ...page, pageState: 'stopped' }] }],
  ['rate_above_40', { pages: [{ ...page, ratePerSecond: 41 }] }],
  ['rate_above_page', { broadcastRate: 36 }],
])('%s is warned of', (code, changes) => {
  expect(codes(changes)).toEqual(expect.arrayContaining([code]));
  expect(codes({})).not.toContain(code);
});

test('a rate of 40, or a lower one for this broadcast, is no risk', () => {
  expect(codes({ pages: [{ ...page, ratePerSecond: 40 }] })).not.toContain('rate_above_40');
  expect(codes({ pages: [{ ...page, ratePerSecond: 300 }], broadcastRate: 30 })).not.toContain('rate_above_40');
  expect(codes({ eligible: 5, eligibleAtStart: 5 })).not.toContain('window_closes_before_start');
});
