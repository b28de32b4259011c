import type { LeadStatus } from '../lead-status.types';
import type { LeadKeyRow } from '../leads';
import type { RowId, Sql, Tx } from '../sql.types';
import type { Verdict } from './outcome.rules';
import type { Reread } from './chunk-guard';
import { replySkipReason, type ReplyKind } from './replies.rules';

export interface NewReply {
  readonly leadId: RowId;
  readonly pageId: RowId;
  readonly kind: ReplyKind;
  /** What it answers; one answer of a kind for each cause. */
  readonly cause: string;
  readonly language: string;
  /** Of the notice a welcome shows; the one in force when absent. */
  readonly noticeVersion?: number | undefined;
  readonly broadcastId?: RowId | undefined;
}

/** @returns false when this cause has been answered before */
export async function insertReply(tx: Tx, reply: NewReply): Promise<boolean> {
  const inserted = await tx.run(
    `insert into reply (public_id, page_id, lead_id, kind, cause, broadcast_id, notice_version, language, status, due_at,
       created_at)
     select gen_random_uuid(), p.id, $2, $3, $4, $5, coalesce($6::int, case when $3 = 'welcome' then p.notice_version end),
       $7, 'pending', clock_timestamp(), clock_timestamp()
      from page p where p.id = $1
     on conflict on constraint reply_cause_key do nothing`,
    [
      reply.pageId,
      reply.leadId,
      reply.kind,
      reply.cause,
      reply.broadcastId ?? null,
      reply.noticeVersion ?? null,
      reply.language,
    ],
  );
  return inserted === 1;
}

export interface PickedReply extends LeadKeyRow {
  readonly id: RowId;
  readonly uuid: string;
  readonly kind: ReplyKind;
  readonly language: string;
  readonly noticeVersion: number | null;
  /** Public id; only for a test. */
  readonly broadcastUuid: string | null;
  readonly attempt: number;
  readonly failures: number;
  readonly ageMs: number;
  readonly leadId: RowId;
  readonly leadUuid: string;
  readonly status: LeadStatus;
  readonly isRestricted: boolean;
}

/** Leads first, then their replies; whoever holds either is not waited for. Both stay locked until the end of `tx`. */
export const pickReplies = (tx: Tx, pageId: RowId, limit: number): Promise<PickedReply[]> =>
  tx.rows<PickedReply>(
    `with due as materialized (
       select id, lead_id from reply where page_id = $1 and status = 'pending' and due_at <= clock_timestamp()
        order by due_at, id limit $2
     ), locked as materialized (
       select l.id, l.public_id, l.status, l.restricted_at, k.bucket, k.key_version, k.dek_wrapped, k.psid_ct
        from lead l join lead_key k on k.lead_id = l.id
        where l.id in (select lead_id from due) order by l.id for share of l skip locked
     )
     select r.id, r.public_id as uuid, r.kind, r.language, r.notice_version as "noticeVersion",
       (select b.public_id from broadcast b where b.id = r.broadcast_id) as "broadcastUuid", r.attempt, r.transient_failures as failures,
       (extract(epoch from clock_timestamp() - r.created_at) * 1000)::float8 as "ageMs",
       l.id as "leadId", l.public_id as "leadUuid", l.status, l.restricted_at is not null as "isRestricted", l.bucket,
       l.key_version as "keyVersion", l.dek_wrapped as "dekWrapped", l.psid_ct as "psidCt"
      from reply r join locked l on l.id = r.lead_id
      where r.id in (select id from due) and r.status = 'pending'
      order by r.due_at, r.id for update of r skip locked`,
    [pageId, limit],
  );

export async function settleReplies(
  tx: Tx,
  rows: readonly { readonly id: RowId; readonly reason: string | null }[],
): Promise<void> {
  await tx.run(
    `update reply r set status = case when c.reason is null then 'sending' else 'skipped' end, reason = c.reason,
       attempt = r.attempt + case when c.reason is null then 1 else 0 end,
       claimed_at = case when c.reason is null then clock_timestamp() end,
       settled_at = case when c.reason is null then null else clock_timestamp() end,
       post_started_at = null, error_code = null, error_subcode = null
      from unnest($1::bigint[], $2::text[]) as c (id, reason) where r.id = c.id and r.status = 'pending'`,
    [rows.map((row) => row.id), rows.map((row) => row.reason)],
  );
}

const PUT_OFF_SECONDS = 1;

export async function putOffReplies(tx: Tx, ids: readonly RowId[]): Promise<void> {
  if (ids.length === 0) return;
  await tx.run(
    `update reply set due_at = clock_timestamp() + make_interval(secs => $2) where id = any($1::bigint[]) and status = 'pending'`,
    [ids, PUT_OFF_SECONDS],
  );
}

interface ReplyNow {
  readonly seq: number;
  readonly isOpen: boolean;
  readonly isSending: boolean;
  readonly kind: ReplyKind | null;
  readonly status: LeadStatus | null;
  readonly isRestricted: boolean;
}

/** Whether claimed replies may still be sent, numbered from 0 as given. One query. */
export async function rereadReplies(sql: Sql, pageId: RowId, ids: readonly RowId[]): Promise<Reread> {
  const rows = await sql.rows<ReplyNow>(
    `select (c.n - 1)::int as seq, r.status is not distinct from 'sending' as "isSending", r.kind, l.status,
       l.restricted_at is not null as "isRestricted",
       p.state = 'active' and (pp.throttled_until is null or pp.throttled_until <= clock_timestamp()) as "isOpen"
      from page p join page_pace pp on pp.page_id = p.id
        cross join unnest($2::bigint[]) with ordinality as c (id, n)
        left join reply r on r.id = c.id left join lead l on l.id = r.lead_id
      where p.id = $1`,
    [pageId, ids],
  );
  const gone = rows.flatMap(({ seq, isSending, kind, status, isRestricted }): Reread['gone'] => {
    if (!isSending || kind === null || status === null) return [{ seq, reason: null }];
    const reason = replySkipReason(kind, { status, isRestricted }, 0);
    return reason === null ? [] : [{ seq, reason }];
  });
  return { isOpen: rows[0]?.isOpen ?? false, gone };
}

/** Anything but `accepted`; only while the row is still in `sending` with that attempt. */
export async function recordReply(
  sql: Sql,
  reply: { readonly id: RowId; readonly attempt: number },
  verdict: Verdict,
  postStartedAt: Date | null,
): Promise<boolean> {
  const changed = await sql.run(
    `update reply set status = $3, reason = $4,
       due_at = case when $3 = 'pending' then clock_timestamp() + make_interval(secs => coalesce($5::float8, 0) / 1000)
         else due_at end,
       settled_at = case when $3 = 'pending' then null else clock_timestamp() end,
       post_started_at = $6, error_code = $7, error_subcode = $8, transient_failures = $9
      where id = $1 and attempt = $2 and status = 'sending'`,
    [
      reply.id,
      reply.attempt,
      verdict.status,
      verdict.reason,
      verdict.dueInMs,
      postStartedAt,
      verdict.code,
      verdict.subcode,
      verdict.failures,
    ],
  );
  return changed === 1;
}

export interface AcceptedReply {
  readonly kind: ReplyKind;
  readonly pageId: RowId;
  readonly noticeVersion: number | null;
  readonly language: string;
}

/**
 * Marks a reply as accepted, once: by the answer to its POST or by its echo, whichever is first. Only the answer knows
 * when the POST started, also when it comes second. Needs the lead locked.
 *
 * @returns undefined when it was accepted before, or is not what `attempt` names
 */
export const acceptReply = (
  tx: Tx,
  { leadId, uuid, attempt }: { readonly leadId: RowId; readonly uuid: string; readonly attempt: number },
  { midCt, postStartedAt }: { readonly midCt: Buffer; readonly postStartedAt: Date | null },
): Promise<AcceptedReply | undefined> =>
  tx.first<AcceptedReply>(
    `with timed as (
       update reply set post_started_at = $5
        where public_id = $2 and lead_id = $1 and attempt = $3 and status = 'accepted' and $5::timestamptz is not null)
     update reply set status = 'accepted', reason = null, settled_at = clock_timestamp(), mid_ct = $4,
       post_started_at = coalesce($5::timestamptz, post_started_at), error_code = null, error_subcode = null
      where public_id = $2 and lead_id = $1 and attempt >= $3 and status in ('sending', 'uncertain', 'pending')
        and attempt > 0
      returning kind, page_id as "pageId", notice_version as "noticeVersion", language`,
    [leadId, uuid, attempt, midCt, postStartedAt],
  );
