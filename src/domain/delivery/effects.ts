import type { Clock } from '../../kernel/clock';
import type { Log } from '../../kernel/log';
import { blockBroadcastsOfPage, blockPage, CONTENT_REFUSED } from '../broadcasts';
import { stopPage, type PageFaultReason } from '../pages';
import type { Database, RowId } from '../sql.types';
import { clearFailures, countUnavailable, markUnknown } from './lead-reach.store';
import type { OutcomeOf } from './delivery.types';
import { throttleAllPages, throttlePage } from './pace.store';
import type { PageStopClass, SendOutcome } from './sender.types';

export interface StoppedPage {
  readonly pageUuid: string;
  readonly accountId: RowId;
  readonly reason: string;
  readonly code: number;
  readonly subcode: number | null;
}

export interface EffectDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  /** Ends all bulk to a lead of whom Meta says that they opted out. Its own transaction, the lead's lock first. */
  readonly withdrawLead: (leadId: RowId, via: 'bounce') => Promise<void>;
  /** Tells the account once that a Page was stopped. */
  readonly notifyPageStopped?: (stopped: StoppedPage) => Promise<void>;
}

interface AffectedPage {
  readonly id: RowId;
  readonly uuid: string;
  readonly accountId: RowId;
  /** As it was read for the calls. */
  readonly tokenCt: Buffer | null;
}

/** What must come true at once, before the rest of the chunk: nobody else may call either. */
export async function stopCalls(deps: EffectDeps, page: AffectedPage, outcome: SendOutcome): Promise<void> {
  if (outcome.kind === 'page-stopped') await stopForFault(deps, page, outcome);
  if (outcome.kind !== 'throttled' || outcome.scope === 'recipient') return;
  const { scope, code, subcode, retryAfterMs } = outcome;
  if (scope === 'app') await deps.db.transaction((tx) => throttleAllPages(tx, retryAfterMs));
  else await throttlePage(deps.db, page.id, retryAfterMs);
  deps.log.warn('page.throttled', { page: page.uuid, code, subcode });
}

const STOP_REASONS: Readonly<Record<PageStopClass, PageFaultReason>> = {
  'page-token': 'page_token',
  'page-permission': 'page_permission',
  'page-policy': 'page_policy',
  'page-billing': 'page_billing',
};

/** An answer about a token that was replaced since says nothing about the new one: it stops and blocks nothing. */
async function stopForFault(deps: EffectDeps, page: AffectedPage, outcome: OutcomeOf<'page-stopped'>): Promise<void> {
  const { errorClass, code, subcode } = outcome;
  const reason = STOP_REASONS[errorClass];
  const isFirst = await deps.db.transaction(async (tx) => {
    const stopped = await stopPage(tx, page.id, { reason, code, subcode, tokenCt: page.tokenCt });
    if (stopped) await blockBroadcastsOfPage(tx, page.id, reason, deps.clock.now());
    return stopped;
  });
  if (!isFirst) return;
  deps.log.warn('page.stopped', { page: page.uuid, reason, code, subcode });
  await deps.notifyPageStopped?.({ pageUuid: page.uuid, accountId: page.accountId, reason, code, subcode });
}

/** Meta refuses the content for everybody: this broadcast ends on this Page, the others go on. */
export async function blockForContent(deps: EffectDeps, broadcastId: RowId, page: AffectedPage): Promise<void> {
  await deps.db.transaction((tx) => blockPage(tx, { broadcastId, pageId: page.id }, CONTENT_REFUSED, deps.clock.now()));
  deps.log.warn('broadcast.page_blocked', { page: page.uuid, reason: CONTENT_REFUSED });
}

export interface LeadOutcome {
  readonly leadId: RowId;
  readonly outcome: SendOutcome;
  readonly leadFailed: boolean;
}

/** What the answers say about the people, each kind in a transaction of its own. */
export async function applyToLeads(deps: EffectDeps, answers: readonly LeadOutcome[]): Promise<void> {
  const having = (test: (answer: LeadOutcome) => boolean): RowId[] => answers.filter(test).map(({ leadId }) => leadId);
  const rejectedFor = (errorClass: string): RowId[] =>
    having(({ outcome }) => outcome.kind === 'rejected' && outcome.errorClass === errorClass);
  const unavailable = rejectedFor('recipient-unavailable');
  if (unavailable.length > 0) await countUnavailable(deps.db, unavailable);
  const unknown = rejectedFor('recipient-unknown');
  if (unknown.length > 0) await markUnknown(deps.db, unknown);
  const reached = having(({ outcome, leadFailed }) => leadFailed && outcome.kind === 'accepted');
  if (reached.length > 0) await clearFailures(deps.db, reached);
  for (const leadId of rejectedFor('recipient-opted-out')) await deps.withdrawLead(leadId, 'bounce');
}
