import { META_LIMITS } from '../../../config/meta-limits';
import type { OptInMode } from '../lead-status.types';
import type { RowId } from '../sql.types';
import { SKIP_REASONS, type SkipReason } from './eligibility.rules';

/** Leads of one Page that share a decision. */
export interface DecisionRow {
  readonly pageId: RowId;
  readonly reason: SkipReason | null;
  readonly path: 'standard' | null;
  readonly count: number;
}

/** Always `audience = eligible + sum(skipped)` and `eligible = sum(paths)`. */
export interface AudienceCounts {
  readonly audience: number;
  readonly eligible: number;
  readonly paths: Readonly<{ standard: number }>;
  readonly skipped: Readonly<Partial<Record<SkipReason, number>>>;
}

export function countDecisions(rows: readonly DecisionRow[]): AudienceCounts {
  const total = (chosen: readonly DecisionRow[]): number => chosen.reduce((sum, row) => sum + row.count, 0);
  const skipped: Partial<Record<SkipReason, number>> = {};
  for (const reason of SKIP_REASONS) {
    const count = total(rows.filter((row) => row.reason === reason));
    if (count > 0) skipped[reason] = count;
  }
  return {
    audience: total(rows),
    eligible: total(rows.filter((row) => row.reason === null)),
    paths: { standard: total(rows.filter((row) => row.path === 'standard')) },
    skipped,
  };
}

interface PacedPage {
  readonly ratePerSecond: number;
  readonly eligible: number;
}

/** The rate that counts: the Page's own is never exceeded. */
export const effectiveRate = (pageRate: number, broadcastRate: number | null): number =>
  broadcastRate === null ? pageRate : Math.min(pageRate, broadcastRate);

/** The pacer keeps 50 ms of slack, so that jitter never puts one message too many into a second. */
const PACE_SLACK_MS = 50;

/** How long a broadcast takes when nothing holds it up. Pages send side by side. */
export function estimateSeconds(pages: readonly PacedPage[]): number {
  const seconds = pages.map(({ ratePerSecond, eligible }) => {
    const slotMs = (1_000 + PACE_SLACK_MS) / Math.max(1, ratePerSecond - 1);
    return (eligible * slotMs) / 1_000;
  });
  return Math.ceil(Math.max(0, ...seconds));
}

export type WarningCode =
  | 'nobody_eligible'
  | 'opt_in_proof'
  | 'page_not_active'
  | 'rate_above_40'
  | 'rate_above_page'
  | 'unknown_tag'
  | 'window_closes_before_start';

export interface PreflightWarning {
  readonly code: WarningCode;
  readonly detail: string;
  /** Public id of the Page it concerns; null when it concerns the broadcast. */
  readonly pageUuid: string | null;
}

export interface WarnedPage extends PacedPage {
  readonly uuid: string;
  readonly pageState: 'active' | 'stopped' | 'disconnected';
  readonly optInMode: OptInMode;
}

export interface WarningFacts {
  readonly pages: readonly WarnedPage[];
  readonly broadcastRate: number | null;
  readonly unknownTags: readonly string[];
  readonly eligible: number;
  /** How many would be eligible at the start that is planned; null when it starts at once. */
  readonly eligibleAtStart: number | null;
}

/** What an opt-in of each kind shows, in words that claim no more. */
export const OPT_IN_PROVES: Readonly<Record<OptInMode, string>> = {
  conversation_start: 'conversation_start: the person opened the conversation and was shown this text, not more',
  explicit:
    'explicit: who came since the Page is in this mode tapped the button that agrees to the text shown; who came before opened the conversation and was shown the text of that time, not more',
};

export function preflightWarnings(facts: WarningFacts): PreflightWarning[] {
  const warnings: PreflightWarning[] = [];
  const warn = (code: WarningCode, detail: string, pageUuid: string | null = null): void => {
    warnings.push({ code, detail, pageUuid });
  };
  if (facts.eligible === 0) warn('nobody_eligible', 'nobody in this audience may be written to now');
  if (facts.eligibleAtStart !== null && facts.eligibleAtStart < facts.eligible) {
    const lost = facts.eligible - facts.eligibleAtStart;
    warn('window_closes_before_start', `for ${lost} of them Meta's window closes before the planned start`);
  }
  for (const tag of facts.unknownTags) warn('unknown_tag', `no lead has ever had the tag "${tag}"`);
  for (const page of facts.pages) warnAboutPage(page, facts.broadcastRate, warn);
  return warnings;
}

function warnAboutPage(
  page: WarnedPage,
  broadcastRate: number | null,
  warn: (code: WarningCode, detail: string, pageUuid: string) => void,
): void {
  if (page.pageState !== 'active') {
    warn(
      'page_not_active',
      `this Page is ${page.pageState}: nothing is sent on it until it is active again`,
      page.uuid,
    );
  }
  const riskyRate = META_LIMITS.pageHighVolumePerSecond.max;
  if (effectiveRate(page.ratePerSecond, broadcastRate) > riskyRate) {
    const detail = `a Page that sends more than ${riskyRate} messages a second loses its inbox and then its sends`;
    warn('rate_above_40', detail, page.uuid);
  }
  if (broadcastRate !== null && broadcastRate > page.ratePerSecond) {
    warn('rate_above_page', `the Page's own rate of ${page.ratePerSecond} messages a second is kept`, page.uuid);
  }
  warn('opt_in_proof', OPT_IN_PROVES[page.optInMode], page.uuid);
}
