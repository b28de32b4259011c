import type { Clock } from '../../kernel/clock';
import type { Database, RowId } from '../sql.types';
import { resolveAudience, type NamedLeads, type ResolvedAudience } from './audience.store';
import { findOwnBroadcast, listBroadcastPages } from './broadcast.store';
import type {
  AccountKey,
  AudienceInput,
  AudienceLookups,
  BroadcastPageRow,
  BroadcastRow,
  RulesAt,
} from './broadcast.types';
import { broadcastNotFound, invalidBroadcast } from './broadcasts.errors';
import type { OwnBroadcast } from './control-broadcast';
import { openDefinition } from './definition';
import { requireAudienceReferences, requirePages } from './draft-references';
import { checkDraft } from './draft.rules';
import { renderMessage } from './message.rules';
import type { MetaMessage } from './message.types';
import {
  countDecisions,
  effectiveRate,
  estimateSeconds,
  OPT_IN_PROVES,
  preflightWarnings,
  type AudienceCounts,
  type DecisionRow,
  type PreflightWarning,
  type WarnedPage,
} from './preflight.rules';
import { countAudience } from './preflight.store';

export interface EstimateDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly lookups: AudienceLookups;
  readonly rulesAt: RulesAt;
}

export interface PreflightDeps extends EstimateDeps {
  readonly accountKey: AccountKey;
}

export interface PageCounts extends AudienceCounts {
  readonly uuid: string;
  readonly metaPageId: string;
}

export interface AudienceEstimate extends AudienceCounts {
  readonly pages: readonly PageCounts[];
  readonly ruleVersion: string;
  readonly evaluatedAt: Date;
}

export interface PreflightPage extends PageCounts {
  readonly name: string;
  /** The rate that counts for this broadcast. */
  readonly ratePerSecond: number;
  readonly estimatedSeconds: number;
  readonly optInProves: string;
}

export interface Preflight extends AudienceEstimate {
  readonly pages: readonly PreflightPage[];
  readonly estimatedSeconds: number;
  /** How many would be eligible at the planned start if nothing happened until then; null when it starts at once. */
  readonly eligibleAtStart: number | null;
  /** The message as a person without a known name gets it, with its unsubscribe. */
  readonly preview: MetaMessage;
  readonly warnings: readonly PreflightWarning[];
}

/** The words on the button that every broadcast carries. */
export const UNSUBSCRIBE_TITLE = 'Unsubscribe';

/** Stands for the delivery that does not exist yet; tapping it does nothing. */
const PREVIEW_PAYLOAD = 'assent:v1:unsubscribe:00000000-0000-4000-8000-000000000000';

export interface EstimateAudienceInput {
  readonly accountId: RowId;
  /** Meta's ids or ours. */
  readonly pageIds: readonly string[];
  readonly audience: AudienceInput;
}

/** Counts an audience without a broadcast. @throws {UserError} `broadcast_invalid` */
export function makeEstimateAudience(deps: EstimateDeps) {
  return async ({ accountId, pageIds, audience }: EstimateAudienceInput): Promise<AudienceEstimate> => {
    const now = deps.clock.now();
    const faults = checkDraft({ pageIds, audience }, now);
    if (faults.length > 0) throw invalidBroadcast(faults);
    const pages = await requirePages(deps.db, accountId, pageIds);
    const rowIds = pages.map((page) => page.id);
    const leadIds = await requireAudienceReferences(deps.db, accountId, rowIds, audience);
    const named: NamedLeads = leadIds === null ? { kind: 'anybody' } : { kind: 'given', leadIds };
    const resolved = await resolveAudience(deps.db, deps.lookups, { accountId, pages, filter: audience, named });
    const rules = deps.rulesAt(now);
    const rows = await countAudience(deps.db, resolved, rules, now);
    return {
      ...countDecisions(rows),
      pages: pages.map((page) => ({ uuid: page.uuid, metaPageId: page.metaPageId, ...countsOf(rows, page.id) })),
      ruleVersion: rules.ruleVersion,
      evaluatedAt: now,
    };
  };
}

const countsOf = (rows: readonly DecisionRow[], pageId: RowId): AudienceCounts =>
  countDecisions(rows.filter((row) => row.pageId === pageId));

/**
 * What a launch would do now, person by person in numbers, without doing it.
 *
 * @throws {UserError} `broadcast_not_found`
 */
export function makePreflight(deps: PreflightDeps) {
  return async ({ accountId, broadcastUuid }: OwnBroadcast): Promise<Preflight> => {
    const row = await findOwnBroadcast(deps.db, accountId, broadcastUuid);
    if (row === undefined) throw broadcastNotFound();
    const definition = openDefinition(await deps.accountKey(accountId), row);
    const pageRows = await listBroadcastPages(deps.db, row.id);
    const audience = await resolveAudience(deps.db, deps.lookups, {
      accountId,
      pages: pageRows.map((page) => ({ id: page.pageId, uuid: page.uuid })),
      filter: definition.audience,
      named: definition.audience.byLead ? { kind: 'stored', broadcastId: row.id } : { kind: 'anybody' },
    });
    const now = deps.clock.now();
    const rules = deps.rulesAt(now);
    const rows = await countAudience(deps.db, audience, rules, now);
    const eligibleAtStart = await countAtStart(deps, audience, row, now);
    const counts = countDecisions(rows);
    const pages = pageRows.map((page) => preflightPage(page, row, countsOf(rows, page.pageId)));
    return {
      ...counts,
      pages,
      ruleVersion: rules.ruleVersion,
      evaluatedAt: now,
      estimatedSeconds: estimateSeconds(pages),
      eligibleAtStart,
      preview: renderMessage(definition.message, {
        unsubscribePayload: PREVIEW_PAYLOAD,
        unsubscribeTitle: UNSUBSCRIBE_TITLE,
        firstName: null,
      }),
      warnings: preflightWarnings({
        pages: pageRows.map((page): WarnedPage => ({ ...page, eligible: countsOf(rows, page.pageId).eligible })),
        broadcastRate: row.ratePerSecond,
        unknownTags: audience.unknownTags,
        eligible: counts.eligible,
        eligibleAtStart,
      }),
    };
  };
}

async function countAtStart(
  deps: PreflightDeps,
  audience: ResolvedAudience,
  row: BroadcastRow,
  now: Date,
): Promise<number | null> {
  const base = row.scheduledAt !== null && row.scheduledAt > now ? row.scheduledAt : now;
  const startAt = new Date(base.getTime() + row.startDelaySeconds * 1_000);
  if (startAt <= now) return null;
  return countDecisions(await countAudience(deps.db, audience, deps.rulesAt(startAt), startAt)).eligible;
}

function preflightPage(page: BroadcastPageRow, row: BroadcastRow, counts: AudienceCounts): PreflightPage {
  const ratePerSecond = effectiveRate(page.ratePerSecond, row.ratePerSecond);
  return {
    uuid: page.uuid,
    metaPageId: page.metaPageId,
    name: page.name,
    ...counts,
    ratePerSecond,
    estimatedSeconds: estimateSeconds([{ ratePerSecond, eligible: counts.eligible }]),
    optInProves: OPT_IN_PROVES[page.optInMode],
  };
}
