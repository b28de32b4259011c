import { createHash } from 'node:crypto';
import type { Ids } from '../../kernel/ids';
import { UserError } from '../../kernel/errors';
import type { RowId, Tx } from '../sql.types';
import { findOwnBroadcast, listBroadcastPages } from './broadcast.store';
import type { BroadcastRow, QueueTestReply, RulesAt } from './broadcast.types';
import { broadcastNotFound, invalidBroadcast, type BroadcastErrorCode } from './broadcasts.errors';
import type { OwnBroadcast } from './control-broadcast';
import { requireLeads } from './draft-references';
import { isUuid } from './draft.rules';
import type { ControlDeps } from './launch';
import { judgeLeads, type LeadDecision } from './preflight.store';
import { listTestedLeads, lockTests, type TestedLead } from './test-broadcast.store';

export const MAX_TEST_LEADS = 10;
/** A test is for the account's own people; more would be a broadcast that nobody launched. */
export const MAX_TESTED_LEADS_A_DAY = 20;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
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
  /** Public ids of the leads a test message is queued for; those who had one in this minute are left out. */
  readonly queued: readonly string[];
  /** Why none is queued. */
  readonly limit: TestLimit | null;
}

export interface TestLimit {
  readonly per: 'minute' | 'day';
  readonly retryAfterSeconds: number;
}

/**
 * Sends the message to a few leads of the broadcast's Pages, under the same rules as everybody; all of them or none.
 * A lead gets the test of a broadcast once a minute, and an account tests on a few leads a day.
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
    const { leads, limit } = await deps.db.transaction(async (tx) => {
      const ids = await requireLeads(tx, { accountId, pageIds }, leadIds, '/lead_ids');
      const now = deps.clock.now();
      const judged = await judgeLeads(tx, accountId, ids, deps.rulesAt(now), now);
      refuseIneligible(judged, leadIds);
      await lockTests(tx, accountId);
      const waitMs = dayWaitMs(await listTestedLeads(tx, accountId, new Date(now.getTime() - DAY_MS)), ids, now);
      if (waitMs > 0) return { leads: [], limit: limitOf('day', waitMs) };
      const queued: LeadDecision[] = [];
      for (const lead of judged) if (await queueTest(deps, tx, lead, row, now)) queued.push(lead);
      return {
        leads: queued,
        limit: queued.length > 0 ? null : limitOf('minute', MINUTE_MS - (now.getTime() % MINUTE_MS)),
      };
    });
    for (const pageId of new Set(leads.map((lead) => lead.pageUuid))) {
      await deps.queue.enqueue({ name: 'send-replies', pageId, turn: 0, nudge: deps.ids.uuid() }, { urgent: true });
    }
    return { queued: leads.map((lead) => lead.uuid), limit };
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

const limitOf = (per: TestLimit['per'], waitMs: number): TestLimit => ({
  per,
  retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1_000)),
});

/** How long until the asked leads fit among those of the last day; 0 when they do. */
function dayWaitMs(tested: readonly TestedLead[], asked: readonly RowId[], now: Date): number {
  const others = tested.filter((lead) => !asked.includes(lead.id));
  const tooMany = others.length + asked.length - MAX_TESTED_LEADS_A_DAY;
  const lastToLeave = others[tooMany - 1];
  return lastToLeave === undefined ? 0 : Math.max(1, lastToLeave.lastAt.getTime() + DAY_MS - now.getTime());
}

/** The same for every test of a broadcast to a lead within a minute, so that `reply_cause_key` lets one through. */
function causeOf(broadcastUuid: string, leadUuid: string, now: Date): string {
  const minute = Math.floor(now.getTime() / MINUTE_MS);
  const bytes = createHash('sha256').update(`assent/test/v1 ${broadcastUuid} ${leadUuid} ${minute}`).digest();
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex', 0, 16);
  return [
    [0, 8],
    [8, 12],
    [12, 16],
    [16, 20],
    [20, 32],
  ]
    .map(([from, to]) => hex.slice(from, to))
    .join('-');
}

/** @returns false when the lead had the test of this broadcast in this minute */
async function queueTest(
  deps: TestBroadcastDeps,
  tx: Tx,
  lead: LeadDecision,
  broadcast: Pick<BroadcastRow, 'id' | 'uuid'>,
  now: Date,
): Promise<boolean> {
  const queued = await deps.queueReply(tx, {
    lead: { id: lead.id, uuid: lead.uuid },
    page: { id: lead.pageId, uuid: lead.pageUuid },
    kind: 'test',
    cause: causeOf(broadcast.uuid, lead.uuid, now),
    language: lead.locale ?? FALLBACK_LANGUAGE,
    broadcastId: broadcast.id,
  });
  return queued === true;
}

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
