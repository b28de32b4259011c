import type { RoundPart } from '../../kernel/rounds';
import type { RowId, Sql, Tx } from '../sql.types';
import type { Cutoffs } from './retention.rules';

/** The newest sign of the person: what they wrote or tapped, or that they came at all. Receipts are none. */
const LAST_CONTACT = `greatest(l.created_at, l.last_inbound_at, l.explicit_act_at, l.withdrawn_at)`;
const IS_SILENT = `l.status not in ('unsubscribed', 'erasing') and ${LAST_CONTACT} < $1`;
const HAS_LEFT = `l.status = 'unsubscribed' and ${LAST_CONTACT} < $2`;

export interface OldLead {
  readonly id: RowId;
  readonly leadUuid: string;
  readonly accountId: RowId;
}

/** People whose time is over, some of them. */
export const readOldLeads = (
  sql: Sql,
  { silent_people: silent, people_who_left: left }: Cutoffs,
  { after, limit }: RoundPart,
): Promise<OldLead[]> =>
  sql.rows(
    `select l.id, l.public_id as "leadUuid", l.account_id as "accountId" from lead l
      where ((${IS_SILENT}) or (${HAS_LEFT})) and l.id > $4
        and not exists (select from page p where p.id = l.page_id and p.is_ending) order by l.id limit $3`,
    [silent, left, limit, after],
  );

/** Whether a lead's time is over. Under its lock the answer holds until the commit. */
export async function isOld(
  sql: Sql,
  leadId: RowId,
  { silent_people: silent, people_who_left: left }: Cutoffs,
): Promise<boolean> {
  const row = await sql.first(`select from lead l where l.id = $3 and ((${IS_SILENT}) or (${HAS_LEFT}))`, [
    silent,
    left,
    leadId,
  ]);
  return row !== undefined;
}

/** Broadcasts with receipts that may be old enough to be counted. */
export async function readCountable(sql: Sql, before: Date, { after, limit }: RoundPart): Promise<RowId[]> {
  const rows = await sql.rows<{ id: RowId }>(
    `select id from broadcast where frozen_at < $1 and receipts_counted_at is null and id > $3 order by id limit $2`,
    [before, limit, after],
  );
  return rows.map(({ id }) => id);
}

const OLD_RECEIPTS = `d.post_started_at < $2 and (d.delivered_at is not null or d.read_at is not null)`;

/** Turns receipts of single people into counts of their broadcast and Page. @returns how many messages, at most `limit` */
export async function countReceipts(tx: Tx, broadcastId: RowId, before: Date, limit: number): Promise<number> {
  const row = await tx.first<{ n: number }>(
    `with picked as (
       select d.seq, d.page_id, d.status, d.delivered_at is not null as delivered, d.read_at is not null as read
        from delivery d where d.broadcast_id = $1 and ${OLD_RECEIPTS} order by d.seq limit $3 for update
     ), cleared as (
       update delivery d set delivered_at = null, read_at = null from picked p where d.broadcast_id = $1 and d.seq = p.seq
     ), counted as (
       update broadcast_page b set delivered_kept = b.delivered_kept + c.delivered, read_kept = b.read_kept + c.read
        from (select page_id, count(*) filter (where delivered and status = 'accepted') as delivered,
                count(*) filter (where read and status = 'accepted') as read from picked group by page_id) c
       where b.broadcast_id = $1 and b.page_id = c.page_id
     ) select count(*)::int as n from picked`,
    [broadcastId, before, limit],
  );
  return row?.n ?? 0;
}

/** A broadcast that ended before that has no receipts any more and gets none. */
export const closeCounts = (tx: Tx, broadcastId: RowId, before: Date, at: Date): Promise<number> =>
  tx.run(
    `update broadcast b set receipts_counted_at = $3
      where b.id = $1 and b.status in ('completed', 'cancelled')
        and not exists (select from delivery d where d.broadcast_id = b.id
          and (d.post_started_at >= $2 or d.status = 'sending' or d.delivered_at is not null or d.read_at is not null))`,
    [broadcastId, before, at],
  );

/** The reason for an opt-in mode is no log line but a decision that is answered for: it stays with the account. */
const IS_LOG = `kind <> 'page.opt_in_mode_reason'`;

export const deleteOldEvents = (sql: Sql, before: Date): Promise<number> =>
  sql.run(`delete from audit_event where created_at < $1 and ${IS_LOG}`, [before]);

/** How much would go of one account, or of all. */
export async function countOld(
  sql: Sql,
  accountId: RowId | null,
  cutoffs: Cutoffs,
): Promise<Record<keyof Cutoffs, number>> {
  const row = await sql.first<Record<keyof Cutoffs, string>>(
    `select (select count(*) from lead l where ($5::bigint is null or l.account_id = $5) and ${IS_SILENT}) as silent_people,
       (select count(*) from lead l where ($5::bigint is null or l.account_id = $5) and ${HAS_LEFT}) as people_who_left,
       (select count(*) from delivery d join broadcast b on b.id = d.broadcast_id
         where ($5::bigint is null or b.account_id = $5) and b.receipts_counted_at is null
           and d.post_started_at < $3 and (d.delivered_at is not null or d.read_at is not null)) as receipts,
       (select count(*) from audit_event e
         where ($5::bigint is null or e.account_id = $5) and e.created_at < $4 and ${IS_LOG}) as security_log`,
    [cutoffs.silent_people, cutoffs.people_who_left, cutoffs.receipts, cutoffs.security_log, accountId],
  );
  const number = (rule: keyof Cutoffs): number => Number(row?.[rule] ?? 0);
  return {
    silent_people: number('silent_people'),
    people_who_left: number('people_who_left'),
    receipts: number('receipts'),
    security_log: number('security_log'),
  };
}
