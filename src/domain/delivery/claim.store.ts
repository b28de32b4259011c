import { eligibilitySql, type WindowEdges } from '../broadcasts';
import type { LeadKeyRow } from '../leads';
import type { RowId, Sql, Tx } from '../sql.types';

export interface ClaimTarget {
  readonly broadcastId: RowId;
  readonly pageId: RowId;
  readonly generation: number;
}

export interface ClaimOpening {
  /** The server's time, cut to milliseconds. */
  readonly at: Date;
  readonly refusedInARow: number;
}

/**
 * Begins a claim: the two lanes of a Page claim one after the other, or both would pick the same rows.
 *
 * @returns undefined when the broadcast does not send on this Page now, or the job belongs to an earlier generation
 */
export const openClaim = (
  tx: Tx,
  { broadcastId, pageId, generation }: ClaimTarget,
): Promise<ClaimOpening | undefined> =>
  tx.first<ClaimOpening>(
    `update broadcast_page bp set last_claim_at = clock_timestamp()
      from broadcast b, page p
      where bp.broadcast_id = $1 and bp.page_id = $2 and bp.generation = $3 and bp.state = 'open'
        and b.id = bp.broadcast_id and b.status = 'sending' and p.id = bp.page_id and p.state = 'active'
      returning date_trunc('milliseconds', clock_timestamp()) as at, bp.refused_in_a_row as "refusedInARow"`,
    [broadcastId, pageId, generation],
  );

/** A due row, and its lead as far as this transaction could lock it. */
export interface PickedRow {
  readonly seq: number;
  readonly attempt: number;
  readonly uuid: string | null;
  readonly failures: number;
  /** The lead is gone for good. */
  readonly isOrphan: boolean;
  /** null: somebody else holds the lead. */
  readonly lead: PickedLead | null;
}

export interface PickedLead extends LeadKeyRow {
  readonly id: RowId;
  readonly leadUuid: string;
  readonly subjectRef: Buffer;
  readonly chainN: number;
  readonly consentEntry: string | null;
  readonly consentCommitment: Buffer | null;
  /** Leaf of the consent; null while no signed checkpoint holds it. PostgreSQL's bigint. */
  readonly consentIndex: string | null;
  readonly noticeVersion: number | null;
  readonly failedInARow: number;
  readonly reason: string | null;
  readonly path: 'standard' | null;
  readonly basis: string | null;
}

type PickedColumns = Pick<PickedRow, 'seq' | 'attempt' | 'uuid' | 'failures' | 'isOrphan'> &
  Omit<PickedLead, 'id'> & { readonly id: RowId | null };

const eligible = eligibilitySql({ lead: 'l', page: 'p', now: '$5', standardEdge: '$6', adEdge: '$7' });

/**
 * Rows are read without a lock, their leads locked in id order, and nobody is waited for: a lead somebody changes in
 * this moment is left for the next pick. What an unsubscribe has committed is seen, what it has begun keeps the lead out.
 */
const PICK = `
  with due as materialized (
    select d.seq, d.lead_id, d.attempt, d.public_id, d.transient_failures from delivery d
     where d.broadcast_id = $1 and d.page_id = $2 and d.status = 'pending' and d.seq > $3
       and (d.due_at is null or d.due_at <= $5::timestamptz)
       and exists (select from broadcast where id = $1 and status = 'sending')
     order by d.seq limit $4
  ), locked as materialized (
    select l.id, l.public_id, l.subject_ref, l.chain_n, l.consent_entry, l.consent_commitment, l.notice_version,
      (select leaf_index from ledger_leaf where entry_id = l.consent_entry) as consent_index, l.failed_in_a_row, k.bucket, k.key_version, k.dek_wrapped, k.psid_ct,
      ${eligible.reason} as reason, ${eligible.path} as path, ${eligible.basis} as basis
     from lead l join lead_key k on k.lead_id = l.id join page p on p.id = l.page_id
     where l.id in (select lead_id from due)
     order by l.id for share of l skip locked
  )
  select due.seq, due.attempt, due.public_id as uuid, due.transient_failures as failures,
    l.id is null and not exists (select from lead where id = due.lead_id) as "isOrphan",
    l.id, l.public_id as "leadUuid", l.subject_ref as "subjectRef", l.chain_n as "chainN",
    l.consent_entry as "consentEntry", l.consent_commitment as "consentCommitment", l.consent_index as "consentIndex",
    l.notice_version as "noticeVersion", l.failed_in_a_row as "failedInARow", l.bucket, l.key_version as "keyVersion",
    l.dek_wrapped as "dekWrapped", l.psid_ct as "psidCt", l.reason, l.path, l.basis
   from due left join locked l on l.id = due.lead_id
  order by due.seq`;

export async function pickDue(
  tx: Tx,
  { broadcastId, pageId }: ClaimTarget,
  { afterSeq, limit }: { readonly afterSeq: number; readonly limit: number },
  at: Date,
  edges: WindowEdges,
): Promise<PickedRow[]> {
  const rows = await tx.rows<PickedColumns>(PICK, [
    broadcastId,
    pageId,
    afterSeq,
    limit,
    at,
    edges.standardEdge,
    edges.adEdge,
  ]);
  return rows.map(({ seq, attempt, uuid, failures, isOrphan, id, ...lead }) => ({
    seq,
    attempt,
    uuid,
    failures,
    isOrphan,
    lead: id === null ? null : { id, ...lead },
  }));
}

/** A picked row as it is settled: `sending` when `reason` is null. */
export interface SettledRow {
  readonly seq: number;
  readonly reason: string | null;
  readonly uuid: string | null;
  readonly position: number | null;
  readonly path: string | null;
  readonly basis: string | null;
  readonly consentEntry: string | null;
  readonly noticeVersion: number | null;
  readonly subjectN: number | null;
}

const SETTLE = `
  update delivery d set
    status = case when c.reason is null then 'sending' else 'skipped' end,
    reason = c.reason,
    attempt = d.attempt + case when c.reason is null then 1 else 0 end,
    public_id = coalesce(d.public_id, c.uuid),
    claimed_at = case when c.reason is null then $2::timestamptz else d.claimed_at end,
    settled_at = case when c.reason is null then null else $2::timestamptz end,
    sends_entry = case when c.reason is null then $3::uuid else d.sends_entry end,
    sends_position = case when c.reason is null then c.position else d.sends_position end,
    path = coalesce(c.path, d.path), basis = coalesce(c.basis, d.basis),
    consent_entry = coalesce(c.consent_entry, d.consent_entry),
    notice_version = coalesce(c.notice_version, d.notice_version),
    subject_n = coalesce(c.subject_n, d.subject_n), rule_version = $4, due_at = null, post_started_at = null,
    error_code = null, error_subcode = null
   from unnest($5::int[], $6::text[], $7::uuid[], $8::smallint[], $9::text[], $10::text[], $11::uuid[], $12::int[],
      $13::int[]) as c (seq, reason, uuid, position, path, basis, consent_entry, notice_version, subject_n)
  where d.broadcast_id = $1 and d.seq = c.seq and d.status = 'pending'`;

/** Keeps what the rows say of the attempt before, which a new claim writes over: an authorised attempt stays provable. */
export const keepEarlierAttempts = (tx: Tx, broadcastId: RowId, seqs: readonly number[]): Promise<number> =>
  tx.run(
    `insert into logged_send (message_id, attempt, is_test, broadcast_id, broadcast_uuid, page_id, lead_id, path,
       consent_entry, subject_n, claimed_at, sends_entry, sends_position)
     select d.public_id, d.attempt, false, d.broadcast_id, b.public_id, d.page_id, d.lead_id, d.path,
       d.consent_entry, d.subject_n, d.claimed_at, d.sends_entry, d.sends_position
      from delivery d join broadcast b on b.id = d.broadcast_id
     where d.broadcast_id = $1 and d.seq = any($2::int[]) and d.status = 'pending' and d.sends_entry is not null`,
    [broadcastId, seqs],
  );

/** @returns how many rows it settled: fewer than given when a cancel came in between */
export const settleRows = (
  tx: Tx,
  broadcastId: RowId,
  { at, entryId, ruleVersion }: { readonly at: Date; readonly entryId: string | null; readonly ruleVersion: string },
  rows: readonly SettledRow[],
): Promise<number> =>
  tx.run(SETTLE, [
    broadcastId,
    at,
    entryId,
    ruleVersion,
    rows.map((row) => row.seq),
    rows.map((row) => row.reason),
    rows.map((row) => row.uuid),
    rows.map((row) => row.position),
    rows.map((row) => row.path),
    rows.map((row) => row.basis),
    rows.map((row) => row.consentEntry),
    rows.map((row) => row.noticeVersion),
    rows.map((row) => row.subjectN),
  ]);

/** Until the next pending row is due, in ms; null when none is pending. */
export async function nextDueMs(sql: Sql, { broadcastId, pageId }: ClaimTarget): Promise<number | null> {
  const row = await sql.first<{ delayMs: number }>(
    `select greatest(0, extract(epoch from min(coalesce(due_at, clock_timestamp())) - clock_timestamp()) * 1000)::float8
       as "delayMs"
      from delivery where broadcast_id = $1 and page_id = $2 and status = 'pending' having count(*) > 0`,
    [broadcastId, pageId],
  );
  return row?.delayMs ?? null;
}
