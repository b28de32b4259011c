import type { Ids } from '../../kernel/ids';
import { UserError } from '../../kernel/errors';
import type { RowId, Tx } from '../sql.types';
import { findOwnBroadcast, listBroadcastPages } from './broadcast.store';
import type { QueueTestReply, RulesAt } from './broadcast.types';
import { broadcastNotFound, invalidBroadcast, type BroadcastErrorCode } from './broadcasts.errors';
import type { OwnBroadcast } from './control-broadcast';
import { requireLeads } from './draft-references';
import { isUuid } from './draft.rules';
import type { ControlDeps } from './launch';
import { judgeLeads, type LeadDecision } from './preflight.store';

export const MAX_TEST_LEADS = 10;
const FALLBACK_LANGUAGE = 'en';

export type TestBroadcastDeps = ControlDeps & {
  readonly ids: Ids;
  readonly rulesAt: RulesAt;
  readonly queueReply: QueueTestReply;
};

export interface TestBroadcastInput extends OwnBroadcast {
  readonly leadIds: readonly string[];
}

export interface TestBroadcastResult {
  /** Public ids of the leads a test message is queued for. */
  readonly queued: readonly string[];
}

/**
 * Sends the message to a few leads of the broadcast's Pages, under the same rules as everybody; all of them or none.
 *
 * @throws {UserError} `broadcast_not_found`; `broadcast_invalid` for a lead that is not on its Pages;
 *   `test_window_closed` with the link that opens the window; `test_not_eligible` for every other reason
 */
export function makeTestBroadcast(deps: TestBroadcastDeps) {
  return async ({ accountId, broadcastUuid, leadIds }: TestBroadcastInput): Promise<TestBroadcastResult> => {
    refuseBadList(leadIds);
    const row = await findOwnBroadcast(deps.db, accountId, broadcastUuid);
    if (row === undefined) throw broadcastNotFound();
    const pageIds = (await listBroadcastPages(deps.db, row.id)).map((page) => page.pageId);
    const leads = await deps.db.transaction(async (tx) => {
      const ids = await requireLeads(tx, { accountId, pageIds }, leadIds, '/lead_ids');
      const now = deps.clock.now();
      const judged = await judgeLeads(tx, accountId, ids, deps.rulesAt(now), now);
      refuseIneligible(judged, leadIds);
      for (const lead of judged) await queueTest(deps, tx, lead, row.id);
      return judged;
    });
    for (const pageId of new Set(leads.map((lead) => lead.pageUuid))) {
      await deps.queue.enqueue({ name: 'send-replies', pageId, turn: 0, nudge: deps.ids.uuid() }, { urgent: true });
    }
    return { queued: leads.map((lead) => lead.uuid) };
  };
}

function refuseBadList(leadIds: readonly string[]): void {
  if (leadIds.length === 0 || leadIds.length > MAX_TEST_LEADS) {
    throw invalidBroadcast([{ pointer: '/lead_ids', detail: `must name 1 to ${MAX_TEST_LEADS} leads` }]);
  }
  const faults = leadIds.flatMap((id, place) =>
    isUuid(id) ? [] : [{ pointer: `/lead_ids/${place}`, detail: 'must be a UUID' }],
  );
  if (faults.length > 0) throw invalidBroadcast(faults);
}

const queueTest = (deps: TestBroadcastDeps, tx: Tx, lead: LeadDecision, broadcastId: RowId): Promise<unknown> =>
  deps.queueReply(tx, {
    lead: { id: lead.id, uuid: lead.uuid },
    page: { id: lead.pageId, uuid: lead.pageUuid },
    kind: 'test',
    cause: deps.ids.uuid(),
    language: lead.locale ?? FALLBACK_LANGUAGE,
    broadcastId,
  });

function refuseIneligible(judged: readonly LeadDecision[], leadIds: readonly string[]): void {
  const refused = judged.filter((lead) => lead.reason !== null);
  const [first] = refused;
  if (first === undefined) return;
  const pointerOf = (lead: LeadDecision): string =>
    `/lead_ids/${leadIds.findIndex((uuid) => uuid.toLowerCase() === lead.uuid)}`;
  const closed = refused.filter((lead) => lead.reason === 'window_closed' || lead.reason === 'path_not_configured');
  const faults = refused.map((lead) => ({
    pointer: pointerOf(lead),
    detail: closed.includes(lead) ? `window_closed: write to the Page at ${chatLink(lead)}` : (lead.reason ?? ''),
  }));
  const [firstClosed] = closed;
  if (firstClosed === undefined) {
    throw new UserError<BroadcastErrorCode>(
      'test_not_eligible',
      'a test goes only to leads that may be written to',
      faults,
    );
  }
  throw new UserError<BroadcastErrorCode>(
    'test_window_closed',
    `Meta's window is closed: write to the Page at ${chatLink(firstClosed)}, then try again`,
    faults,
  );
}

const chatLink = (lead: LeadDecision): string => `https://m.me/${lead.metaPageId}`;
