import type { MetaRules } from '../../../config/meta-rules';
import { rulesAt } from '../../../config/meta-rules';
import type { LeadStatus, TokenState } from '../lead-status.types';

/** The numbers that decide whether a lead may be written to, and the set of facts they come from. */
export interface EligibilityRules {
  readonly ruleVersion: string;
  readonly standardWindowMs: number;
  /** Length of the window after the first message that follows an ad; null where it is not used. */
  readonly adWindowMs: number | null;
  /** Taken off the end of both windows. */
  readonly safetyMarginMs: number;
}

export interface LeadFacts {
  readonly status: LeadStatus;
  readonly restrictedAt: Date | null;
  /** The ledger entry that permits a broadcast; null when there is none. */
  readonly consentEntry: string | null;
  readonly noticeShownAt: Date | null;
  readonly unreachableAt: Date | null;
  readonly lastInboundAt: Date | null;
  readonly lastAdMessageAt: Date | null;
  /** The last change of Meta's own opt-in for marketing messages; null when there was none. */
  readonly marketingTokenState: string | null;
  readonly marketingTokenExpiresAt: Date | null;
}

export interface PageFacts {
  readonly basis: string;
}

export const SKIP_REASONS = [
  'restricted',
  'unsubscribed',
  'suppressed',
  'no_consent',
  'notice_not_shown',
  'unreachable',
  'path_not_configured',
  'window_closed',
] as const;

export type SkipReason = (typeof SKIP_REASONS)[number];

export type EligibilityDecision =
  | { readonly eligible: true; readonly path: 'standard'; readonly basis: string }
  | { readonly eligible: false; readonly reason: SkipReason };

/** A window is open when the person's act came after this moment. */
export interface WindowEdges {
  readonly standardEdge: Date;
  readonly adEdge: Date | null;
}

/** After these changes the person takes marketing messages through Meta's own opt-in. */
export const LIVE_MARKETING_TOKENS: readonly TokenState[] = ['granted', 'renewed', 'resumed'];

/** The oldest moments that still open a window at `now`, both excluded. */
export function windowEdges(rules: EligibilityRules, now: Date): WindowEdges {
  const edge = (lengthMs: number): Date => new Date(now.getTime() - lengthMs + rules.safetyMarginMs);
  return {
    standardEdge: edge(rules.standardWindowMs),
    adEdge: rules.adWindowMs === null ? null : edge(rules.adWindowMs),
  };
}

/**
 * Whether a broadcast may go to this lead now, by which path, or why not.
 *
 * The first reason that applies is given: what the person wants comes before what Meta allows. `eligibilitySql` is the
 * same decision in SQL; a property test holds the two together.
 */
export function decideEligibility(
  lead: LeadFacts,
  page: PageFacts,
  rules: EligibilityRules,
  now: Date,
): EligibilityDecision {
  const reason = consentReason(lead);
  if (reason !== null) return { eligible: false, reason };
  if (isWindowOpen(lead, windowEdges(rules, now))) return { eligible: true, path: 'standard', basis: page.basis };
  return { eligible: false, reason: hasMarketingToken(lead, now) ? 'path_not_configured' : 'window_closed' };
}

function consentReason(lead: LeadFacts): SkipReason | null {
  if (lead.restrictedAt !== null) return 'restricted';
  if (lead.status === 'unsubscribed') return 'unsubscribed';
  if (lead.status === 'suppressed') return 'suppressed';
  if (lead.status !== 'subscribed' || lead.consentEntry === null) return 'no_consent';
  if (lead.noticeShownAt === null) return 'notice_not_shown';
  return lead.unreachableAt === null ? null : 'unreachable';
}

/** Whether Meta's rules allow any message now, promotional ones too. */
function isWindowOpen(lead: Pick<LeadFacts, 'lastInboundAt' | 'lastAdMessageAt'>, edges: WindowEdges): boolean {
  const { lastInboundAt, lastAdMessageAt } = lead;
  if (lastInboundAt !== null && lastInboundAt > edges.standardEdge) return true;
  return lastAdMessageAt !== null && edges.adEdge !== null && lastAdMessageAt > edges.adEdge;
}

/** Meta would carry the message by the paid path, which this installation has not set up. */
function hasMarketingToken(lead: LeadFacts, now: Date): boolean {
  if (!LIVE_MARKETING_TOKENS.some((state) => state === lead.marketingTokenState)) return false;
  return lead.marketingTokenExpiresAt === null || lead.marketingTokenExpiresAt > now;
}

/** The numbers of Meta's dated rules; `adWindow` is the installation's own choice. */
export const eligibilityRules = (
  meta: Pick<MetaRules, 'version' | 'windowMs' | 'adWindowMs' | 'windowMarginMs'>,
  { adWindow }: { readonly adWindow: boolean },
): EligibilityRules => ({
  ruleVersion: meta.version,
  standardWindowMs: meta.windowMs,
  adWindowMs: adWindow ? meta.adWindowMs : null,
  safetyMarginMs: meta.windowMarginMs,
});

/** Meta's rules as they are at any moment, for `compose`. */
export const makeRulesAt =
  (setting: { readonly adWindow: boolean }) =>
  (at: Date): EligibilityRules =>
    eligibilityRules(rulesAt(at), setting);
