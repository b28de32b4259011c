import * as fc from 'fast-check';
import {
  decideEligibility,
  windowEdges,
  type EligibilityRules,
  type LeadFacts,
} from '../../../../src/domain/broadcasts/eligibility.rules';
import { eligibilitySql } from '../../../../src/domain/broadcasts/eligibility.store';
import { HOUR_MS, makeBroadcastWorld, START, type BroadcastWorld } from './broadcast-world';

const LEADS_A_RUN = 400;
const DAY_MS = 24 * HOUR_MS;
const MARGIN_MS = 60_000;

let world: BroadcastWorld;
beforeAll(async () => {
  world = await makeBroadcastWorld();
});
afterAll(() => world.close());

/** Ages at and around every border, and anywhere. */
const age = fc.oneof(
  fc.constantFrom(
    ...[0, DAY_MS, DAY_MS - MARGIN_MS, 7 * DAY_MS, 7 * DAY_MS - MARGIN_MS].flatMap((ms) => [ms - 1, ms, ms + 1]),
  ),
  fc.integer({ min: -300_000, max: 10 * DAY_MS }),
);
const moment = age.map((ms) => new Date(START.getTime() - ms));
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 3 });
const rarely = <T>(value: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: value });

const facts: fc.Arbitrary<LeadFacts> = fc.record({
  status: fc.oneof(
    { weight: 5, arbitrary: fc.constant('subscribed' as const) },
    { weight: 2, arbitrary: fc.constantFrom('unsubscribed' as const, 'reply_only' as const, 'suppressed' as const) },
  ),
  restrictedAt: rarely(moment),
  consentEntry: fc.option(fc.uuid(), { freq: 8 }),
  noticeShownAt: fc.option(moment, { freq: 8 }),
  unreachableAt: rarely(moment),
  lastInboundAt: maybe(moment),
  lastAdMessageAt: maybe(moment),
  marketingTokenState: fc.constantFrom(null, 'granted', 'renewed', 'resumed', 'stopped'),
  marketingTokenExpiresAt: maybe(moment),
});

const rules: fc.Arbitrary<EligibilityRules> = fc.record({
  ruleVersion: fc.constant('r'),
  standardWindowMs: fc.constant(DAY_MS),
  adWindowMs: fc.constantFrom(null, 7 * DAY_MS),
  safetyMarginMs: fc.constantFrom(0, MARGIN_MS),
});

/** The facts as rows that never were in a table: the fragment only names columns. */
const FACTS_SQL = `select * from jsonb_to_recordset($1::jsonb) as l (n int, restricted_at timestamptz, status text, consent_entry uuid,
  notice_shown_at timestamptz, unreachable_at timestamptz, last_inbound_at timestamptz, last_ad_message_at timestamptz,
  marketing_token_state text, marketing_token_expires_at timestamptz)`;

async function decideInSql(leads: readonly LeadFacts[], by: EligibilityRules) {
  const edges = windowEdges(by, START);
  const sql = eligibilitySql({ lead: 'l', page: 'p', now: '$2', standardEdge: '$3', adEdge: '$4' });
  return world.db.rows<{ reason: string | null; path: string | null; basis: string | null; open: boolean | null }>(
    `select ${sql.reason} as reason, ${sql.path} as path, ${sql.basis} as basis, ${sql.windowOpen} as open
      from (${FACTS_SQL}) l, (select 'consent' as basis) p order by l.n`,
    [
      JSON.stringify(
        leads.map((lead, n) => ({
          n,
          restricted_at: lead.restrictedAt,
          status: lead.status,
          consent_entry: lead.consentEntry,
          notice_shown_at: lead.noticeShownAt,
          unreachable_at: lead.unreachableAt,
          last_inbound_at: lead.lastInboundAt,
          last_ad_message_at: lead.lastAdMessageAt,
          marketing_token_state: lead.marketingTokenState,
          marketing_token_expires_at: lead.marketingTokenExpiresAt,
        })),
      ),
      START,
      edges.standardEdge,
      edges.adEdge,
    ],
  );
}

test('the SQL fragment decides as the pure rules do', async () => {
  const seen = new Map<string, number>();
  const several = fc.array(facts, { minLength: LEADS_A_RUN, maxLength: LEADS_A_RUN, size: 'max' });
  await fc.assert(
    fc.asyncProperty(several, rules, async (leads, by) => {
      const decided = await decideInSql(leads, by);
      const expected = leads.map((lead) => decideEligibility(lead, { basis: 'consent' }, by, START));
      expect(decided.map(({ reason, path, basis }) => ({ reason, path, basis }))).toEqual(
        expected.map((decision) =>
          decision.eligible
            ? { reason: null, path: decision.path, basis: decision.basis }
            : { reason: decision.reason, path: null, basis: null },
        ),
      );
      for (const { reason, open } of decided) {
        expect(typeof open).toBe('boolean');
        seen.set(reason ?? 'eligible', (seen.get(reason ?? 'eligible') ?? 0) + 1);
      }
    }),
    { numRuns: 25 },
  );
  const rare = [
    'eligible',
    'restricted',
    'unsubscribed',
    'suppressed',
    'no_consent',
    'notice_not_shown',
    'unreachable',
  ];
  for (const decision of [...rare, 'window_closed', 'path_not_configured']) {
    expect({ decision, often: (seen.get(decision) ?? 0) > 20 }).toEqual({ decision, often: true });
  }
});
