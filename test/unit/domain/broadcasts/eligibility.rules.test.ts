import {
  decideEligibility,
  eligibilityRules,
  makeRulesAt,
  SKIP_REASONS,
  windowEdges,
  type EligibilityRules,
  type LeadFacts,
} from '../../../../src/domain/broadcasts/eligibility.rules';

const now = new Date('2026-11-23T12:00:00.000Z');
const ago = (ms: number): Date => new Date(now.getTime() - ms);
const DAY_MS = 86_400_000;
const rules: EligibilityRules = {
  ruleVersion: 'r',
  standardWindowMs: DAY_MS,
  adWindowMs: null,
  safetyMarginMs: 60_000,
};
const withAds: EligibilityRules = { ...rules, adWindowMs: 7 * DAY_MS };
const page = { basis: 'consent' };
const subscribed: LeadFacts = {
  status: 'subscribed',
  restrictedAt: null,
  consentEntry: 'an entry',
  noticeShownAt: ago(1),
  unreachableAt: null,
  lastInboundAt: ago(1),
  lastAdMessageAt: null,
  marketingTokenState: null,
  marketingTokenExpiresAt: null,
};
const reasonOf = (lead: Partial<LeadFacts>, by = rules): string => {
  const decision = decideEligibility({ ...subscribed, ...lead }, page, by, now);
  return decision.eligible ? decision.path : decision.reason;
};

test('a subscribed lead with an open window is eligible by the standard path, on the basis of its Page', () => {
  expect(decideEligibility(subscribed, page, rules, now)).toEqual({
    eligible: true,
    path: 'standard',
    basis: 'consent',
  });
});

const FAULTS: readonly [string, Partial<LeadFacts>][] = [
  ['restricted', { restrictedAt: ago(1) }],
  ['unsubscribed', { status: 'unsubscribed' }],
  ['suppressed', { status: 'suppressed' }],
  ['no_consent', { status: 'reply_only' }],
  ['no_consent', { consentEntry: null }],
  ['notice_not_shown', { noticeShownAt: null }],
  ['unreachable', { unreachableAt: ago(1) }],
  ['window_closed', { lastInboundAt: null }],
];

test.each(FAULTS)('%s is found alone', (reason, fault) => {
  expect(reasonOf(fault)).toBe(reason);
});

test('of several reasons the first in the fixed order is given', () => {
  let piled: Partial<LeadFacts> = {};
  for (const [reason, fault] of [...FAULTS].reverse()) {
    piled = { ...piled, ...fault };
    expect(reasonOf(piled)).toBe(reason);
  }
});

test.each([
  ['one millisecond before the margin', DAY_MS - 60_001, 'standard'],
  ['at the margin', DAY_MS - 60_000, 'window_closed'],
  ['a millisecond before 24 h', DAY_MS - 1, 'window_closed'],
  ['at 24 h', DAY_MS, 'window_closed'],
  ['a millisecond after 24 h', DAY_MS + 1, 'window_closed'],
  ['an act that is dated ahead', -60_000, 'standard'],
])('the standard window: %s', (_case, ageMs, expected) => {
  expect(reasonOf({ lastInboundAt: ago(ageMs) })).toBe(expected);
});

test('the ad window counts only where it is turned on', () => {
  const lead = { lastInboundAt: ago(3 * DAY_MS), lastAdMessageAt: ago(3 * DAY_MS) };
  expect(reasonOf(lead)).toBe('window_closed');
  expect(reasonOf(lead, withAds)).toBe('standard');
  expect(reasonOf({ ...lead, lastAdMessageAt: ago(7 * DAY_MS - 60_001) }, withAds)).toBe('standard');
  expect(reasonOf({ ...lead, lastAdMessageAt: ago(7 * DAY_MS - 60_000) }, withAds)).toBe('window_closed');
});

test('outside the window a person who takes marketing messages has a path that is not configured', () => {
  const lead = { lastInboundAt: ago(3 * DAY_MS), marketingTokenState: 'granted' };
  expect(reasonOf(lead)).toBe('path_not_configured');
  expect(reasonOf({ ...lead, marketingTokenExpiresAt: new Date(now.getTime() + 1) })).toBe('path_not_configured');
  expect(reasonOf({ ...lead, marketingTokenExpiresAt: now })).toBe('window_closed');
  expect(reasonOf({ ...lead, marketingTokenState: 'stopped' })).toBe('window_closed');
  expect(reasonOf({ ...lead, lastInboundAt: ago(1) })).toBe('standard');
});

test('without an ad window there is no edge for it', () => {
  expect(windowEdges(rules, now)).toEqual({ standardEdge: ago(DAY_MS - 60_000), adEdge: null });
});

test("Meta's dated rules give the numbers, the installation turns the ad window on", () => {
  expect(makeRulesAt({ adWindow: false })(now)).toEqual({ ...rules, ruleVersion: 'meta-2026-09-28' });
  expect(makeRulesAt({ adWindow: true })(now).adWindowMs).toBe(7 * DAY_MS);
  expect(makeRulesAt({ adWindow: true })(new Date('2026-09-01T00:00:00Z')).adWindowMs).toBeNull();
  const meta = { version: 'v', windowMs: 1, adWindowMs: 2, windowMarginMs: 3 };
  expect(eligibilityRules(meta, { adWindow: false }).adWindowMs).toBeNull();
});

test('every reason is one of the documented ones', () => {
  for (const [reason] of FAULTS) expect(SKIP_REASONS).toContain(reason);
});
