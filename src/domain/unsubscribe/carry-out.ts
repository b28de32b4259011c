import { DEFAULT_LANGUAGE, recordConsent, type Decision, type EventEvidence } from '../consent';
import type { OpenLead } from '../leads';
import type { Tx } from '../sql.types';
import { markDeliveryUnsubscribed } from './unsubscribe.store';
import type { CarryOutDeps, UnsubscribePage } from './unsubscribe.types';

export interface CarryOutInput {
  readonly page: UnsubscribePage;
  readonly decision: Exclude<Decision, { readonly kind: 'refuse' }>;
  /** When the person acted. */
  readonly eventAt: Date;
  readonly evidence: EventEvidence | null;
  readonly ref: string | null;
  /** What the replies answer: the same for the same act, so that working it twice answers once. */
  readonly cause: string;
  /** Public id of the delivery whose unsubscribe button was tapped. */
  readonly deliveryUuid: string | null;
}

/**
 * Makes a decision about consent come true in one transaction: ledger, lead, waiting messages, replies.
 *
 * Needs the lead locked in this transaction.
 */
export async function carryOut(tx: Tx, deps: CarryOutDeps, lead: OpenLead, input: CarryOutInput): Promise<OpenLead> {
  const { page, decision, eventAt, evidence, ref } = input;
  const { state, entries } = decision;
  const current = isChange(lead, input)
    ? await recordConsent(tx, deps, lead, { page, state, entries, eventAt, evidence, ref })
    : lead;
  if (entries.some((entry) => entry.kind === 'withdraw')) {
    await deps.skipPendingOfLead(tx, lead.row.id, 'unsubscribed');
    if (input.deliveryUuid !== null) await markDeliveryUnsubscribed(tx, lead.row.id, input.deliveryUuid, eventAt);
  }
  for (const kind of decision.replies) {
    await deps.queueReply(tx, {
      leadId: lead.row.id,
      pageId: page.id,
      kind,
      cause: input.cause,
      language: lead.row.locale ?? DEFAULT_LANGUAGE,
      ...(kind === 'welcome' ? { noticeVersion: page.noticeVersion } : {}),
    });
  }
  return current;
}

function isChange({ row }: OpenLead, { decision: { state, entries } }: CarryOutInput): boolean {
  if (entries.length > 0 || row.status !== state.status) return true;
  return differs(row.explicitActAt, state.explicitActAt) || differs(row.withdrawnAt, state.withdrawnAt);
}

const differs = (a: Date | null, b: Date | null): boolean => a?.getTime() !== b?.getTime();
