import { classifyGraphError, META_ERRORS } from '../../../config/meta-errors';
import type { Clock } from '../../kernel/clock';
import type { Ids } from '../../kernel/ids';
import type { Log } from '../../kernel/log';
import type { JobQueue } from '../../jobs';
import { reopenBroadcast } from '../broadcasts';
import type { Database, RowId } from '../sql.types';

export interface DeliverySweepDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly queue: JobQueue;
  readonly log: Log;
}

/** A claim lives 5 s, its last answer may take 10 s, and 10 s are left to write it down. */
const STUCK_AFTER = `interval '25 seconds'`;
const BATCH_ROWS = 1_000;
/** A reply due for so long has lost its job. */
const REPLY_PATIENCE = `interval '2 seconds'`;
const NUDGE_BYTES = 8;

/**
 * Messages whose process died between claim and record: nobody knows whether they left, so they are uncertain. Never
 * sent again by themselves; an echo resolves them.
 *
 * @returns how many rows
 */
export function makeSettleStuck({ db, log }: DeliverySweepDeps) {
  return async (): Promise<number> => {
    let settled = 0;
    for (const table of ['delivery', 'reply'] as const) {
      for (let rows = BATCH_ROWS; rows === BATCH_ROWS; settled += rows) rows = await db.run(STUCK[table]);
    }
    if (settled > 0) log.warn('delivery.uncertain', { count: settled });
    return settled;
  };
}

const STUCK_ROWS = `status = 'sending' and claimed_at < clock_timestamp() - ${STUCK_AFTER}
      order by claimed_at limit ${BATCH_ROWS} for update skip locked`;

const STUCK = {
  delivery: `update delivery d set status = 'uncertain', settled_at = clock_timestamp()
    from (select broadcast_id, seq from delivery where ${STUCK_ROWS}) s
    where d.broadcast_id = s.broadcast_id and d.seq = s.seq`,
  reply: `update reply r set status = 'uncertain', settled_at = clock_timestamp()
    from (select id from reply where ${STUCK_ROWS}) s where r.id = s.id`,
} as const;

/** Asks again for the replies nobody sends: their job was lost. @returns how many Pages */
export function makeRequeueReplies({ db, ids, queue }: DeliverySweepDeps) {
  return async (): Promise<number> => {
    const pages = await db.rows<{ uuid: string }>(
      `select p.public_id as uuid from page p join page_pace pp on pp.page_id = p.id
        where p.state = 'active' and (pp.throttled_until is null or pp.throttled_until <= clock_timestamp())
          and exists (select from reply r where r.page_id = p.id and r.status = 'pending'
            and r.due_at <= clock_timestamp() - ${REPLY_PATIENCE})
        order by p.id`,
    );
    for (const { uuid } of pages) {
      const nudge = ids.bytes(NUDGE_BYTES).toString('hex');
      await queue.enqueue({ name: 'send-replies', pageId: uuid, turn: 0, nudge }, { urgent: true });
    }
    return pages.length;
  };
}

const OPTED_OUT = 'recipient-opted-out';
/** Prefilter for the database; the classifier decides. */
const OPTED_OUT_NUMBERS = META_ERRORS.flatMap(({ errorClass, code, subcode }) =>
  errorClass === OPTED_OUT ? [subcode ?? code] : [],
);
/** The process that recorded a rejection has withdrawn the lead by then, or died. */
const WITHDRAW_PATIENCE = `interval '30 seconds'`;

const bouncedIn = (table: 'delivery' | 'reply'): string =>
  `select l.id as "leadId", t.error_code as code, t.error_subcode as subcode
    from ${table} t join lead l on l.id = t.lead_id
    where t.status = 'rejected'
      and t.settled_at between clock_timestamp() - interval '1 hour' and clock_timestamp() - ${WITHDRAW_PATIENCE}
      and (t.error_code = any($1::int[]) or t.error_subcode = any($1::int[]))
      and l.status <> 'unsubscribed' and (l.explicit_act_at is null or l.explicit_act_at <= t.settled_at)`;

export interface WithdrawBouncedDeps {
  readonly db: Database;
  readonly log: Log;
  readonly withdrawLead: (leadId: RowId, via: 'bounce') => Promise<void>;
}

/**
 * Withdraws the people of whom Meta said within the last hour that they opted out, and whose withdrawal was lost with the
 * process that recorded the answer. Who has come back since by an act of their own is left alone.
 *
 * @returns how many leads
 */
export function makeWithdrawBounced({ db, log, withdrawLead }: WithdrawBouncedDeps) {
  return async (): Promise<number> => {
    const rows = await db.rows<{ leadId: RowId; code: number; subcode: number | null }>(
      `${bouncedIn('delivery')} union ${bouncedIn('reply')} limit ${BATCH_ROWS}`,
      [OPTED_OUT_NUMBERS],
    );
    const bounced = rows.filter(({ code, subcode }) => hasOptedOut(code, subcode)).map(({ leadId }) => leadId);
    const leads = new Set(bounced);
    for (const leadId of leads) await withdrawLead(leadId, 'bounce');
    if (leads.size > 0) log.warn('delivery.bounces_withdrawn', { count: leads.size });
    return leads.size;
  };
}

const hasOptedOut = (code: number, subcode: number | null): boolean =>
  classifyGraphError({ code, error_subcode: subcode ?? undefined }).errorClass === OPTED_OUT;

/**
 * Puts an uncertain message back in line because it is known not to have arrived. Opens a completed broadcast again.
 * Nobody calls it yet: it is the way back for the resolution of uncertain messages by Meta's Conversations API.
 *
 * @returns false when the row is not uncertain any more
 */
export function makeReturnUncertain({ db, clock }: Pick<DeliverySweepDeps, 'db' | 'clock'>) {
  return ({ broadcastId, seq }: { readonly broadcastId: RowId; readonly seq: number }): Promise<boolean> =>
    db.transaction(async (tx) => {
      const row = await tx.first<{ pageId: RowId }>(
        `update delivery set status = 'pending', due_at = clock_timestamp(), settled_at = null
          where broadcast_id = $1 and seq = $2 and status = 'uncertain' returning page_id as "pageId"`,
        [broadcastId, seq],
      );
      if (row === undefined) return false;
      await reopenBroadcast(tx, { broadcastId, pageId: row.pageId }, clock.now());
      return true;
    });
}
