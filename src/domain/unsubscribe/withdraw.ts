import { decideConsent, type WithdrawVia } from '../consent';
import type { OpenLead } from '../leads';
import type { Tx } from '../sql.types';
import { carryOut } from './carry-out';
import type { CarryOutDeps, UnsubscribePage } from './unsubscribe.types';

export interface WithdrawInput {
  readonly page: UnsubscribePage;
  readonly via: Exclude<WithdrawVia, 'postback' | 'keyword' | 'meta_stop'>;
}

export interface Withdrawn {
  /** False when the lead had left before. */
  readonly changed: boolean;
  readonly lead: OpenLead;
}

/**
 * Ends all bulk messages to a lead for a reason other than a message of theirs.
 *
 * Repeating it writes and sends nothing more; it only moves the moment of the stop, so that a return dated between the
 * two, and handed over late, does not count.
 */
export async function withdraw(
  tx: Tx,
  deps: CarryOutDeps,
  lead: OpenLead,
  { page, via }: WithdrawInput,
): Promise<Withdrawn> {
  const now = deps.clock.now();
  const { explicitActAt } = lead.row;
  // Meta's clock may be a little ahead of ours: an act of the person that is "later" than now was still before this.
  const at = explicitActAt !== null && explicitActAt > now ? explicitActAt : now;
  const act = {
    kind: 'stop',
    via,
    at,
    receivedAt: at,
    creates: false,
    startedBy: 'first_message',
    hasWords: false,
  } as const;
  const decision = decideConsent(lead.row, act, { optInMode: 'explicit' }, false);
  if (decision.kind === 'refuse') return { changed: false, lead };
  const after = await carryOut(tx, deps, lead, {
    page,
    // Who blocked the Page cannot be told that it worked.
    decision: via === 'bounce' ? { ...decision, replies: [] } : decision,
    eventAt: at,
    evidence: null,
    ref: null,
    cause: deps.ids.uuid(),
    deliveryUuid: null,
  });
  return { changed: decision.entries.length > 0, lead: after };
}
