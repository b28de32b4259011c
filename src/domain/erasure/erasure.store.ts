import { callCountsSql } from '../recipients';
import type { RoundPart } from '../../kernel/rounds';
import type { RowId, Sql, Tx } from '../sql.types';
import type { ErasureOrigin, ErasureView, OpenErasure } from './erasure.types';

export interface NewErasure {
  readonly uuid: string;
  readonly code: string;
  readonly accountId: RowId;
  readonly pageId: RowId;
  readonly origin: ErasureOrigin;
  readonly leadId: RowId;
  readonly leadMac: Buffer;
  readonly subjectSha256: Buffer;
  /** The person's link under their own key, until it is sent to them; null for one that is told otherwise. */
  readonly linkCt: Buffer | null;
  readonly bucket: number;
  readonly requestedAt: Date;
  readonly keepsMark: boolean;
}

export const insertErasure = (tx: Tx, erasure: NewErasure): Promise<number> =>
  tx.run(
    `insert into erasure (public_id, code, account_id, page_id, scope, origin, state, lead_id, lead_mac, subject_sha256,
       bucket, requested_at, link_ct, keeps_mark)
     values ($1, $2, $3, $4, 'lead', $5, 'waiting', $6, $7, $8, $9, $10, $11, $12)`,
    [
      erasure.uuid,
      erasure.code,
      erasure.accountId,
      erasure.pageId,
      erasure.origin,
      erasure.leadId,
      erasure.leadMac,
      erasure.subjectSha256,
      erasure.bucket,
      erasure.requestedAt,
      erasure.linkCt,
      erasure.keepsMark,
    ],
  );

/** The link of an erasure that was asked for in the chat, as it lies there. */
export const findLink = (
  sql: Sql,
  leadId: RowId,
): Promise<{ readonly uuid: string; readonly code: string; readonly linkCt: Buffer } | undefined> =>
  sql.first(
    `select public_id as uuid, code, link_ct as "linkCt" from erasure where lead_id = $1 and link_ct is not null`,
    [leadId],
  );

const VIEW = `public_id as uuid, code, state, requested_at as "requestedAt", rows_deleted_at as "rowsDeletedAt",
  keys_destroyed_at as "keysDestroyedAt", completed_at as "completedAt", certificate,
  ${callCountsSql('erasure.public_id')} as recipients`;

export const findOwnErasure = (sql: Sql, accountId: RowId, uuid: string): Promise<ErasureView | undefined> =>
  sql.first<ErasureView>(`select ${VIEW} from erasure where account_id = $1 and public_id = $2`, [accountId, uuid]);

export const findErasureByCode = (sql: Sql, code: string): Promise<ErasureView | undefined> =>
  sql.first<ErasureView>(`select ${VIEW} from erasure where code = $1`, [code]);

export const findErasureOfLead = (
  sql: Sql,
  accountId: RowId,
  leadMac: Buffer,
): Promise<(ErasureView & { readonly origin: ErasureOrigin }) | undefined> =>
  sql.first(`select ${VIEW}, origin from erasure where account_id = $1 and lead_mac = $2 order by id desc limit 1`, [
    accountId,
    leadMac,
  ]);

/** Ends the lead's part in everything: no claim, reply, export or list takes it up from then on. */
export const markErasing = (tx: Tx, leadId: RowId): Promise<number> =>
  tx.run(`update lead set status = 'erasing' where id = $1`, [leadId]);

/** A bucket of a Page with erasures that are not complete. */
export interface BucketWork {
  readonly pageId: RowId;
  readonly pageUuid: string;
  readonly metaPageId: string;
  readonly accountId: RowId;
  readonly bucket: number;
  /** The oldest of its erasures that are not complete. */
  readonly first: RowId;
}

/**
 * Longest waiting first; without those in which nothing is left to do but to wait for recipients.
 *
 * @param patientSince for erasures whose rows went after that moment recipients are waited for
 * @param after buckets whose `first` is later
 */
export const readOpenBuckets = (
  sql: Sql,
  { patientSince, after, limit }: RoundPart & { readonly patientSince: Date },
): Promise<BucketWork[]> =>
  sql.rows<BucketWork>(
    `select p.id as "pageId", p.public_id as "pageUuid", p.meta_page_id as "metaPageId", p.account_id as "accountId", e.bucket, e.first
      from (select page_id, bucket, min(id) as first from erasure o
        where o.state <> 'complete'
          and not (o.state = 'destroying' and o.rows_deleted_at > $1
            and exists (select from recipient_call c where c.erasure_uuid = o.public_id and c.state = 'queued'))
        group by page_id, bucket) e
        join page p on p.id = e.page_id and not p.is_ending
     where e.first > $3 order by e.first limit $2`,
    [patientSince, limit, after],
  );

const OPEN = `id, public_id as uuid, code, state, keeps_mark as "keepsMark", account_id as "accountId", lead_id as "leadId", subject_sha256 as "subjectSha256", bucket,
  requested_at as "requestedAt", rows_deleted_at as "rowsDeletedAt", keys_destroyed_at as "keysDestroyedAt",
  key_version as "keyVersion", commitment, certificate_head as "certificateHead", footprint`;

/**
 * Erasures of a bucket whose leads nothing is under way for any more: no message or reply is being sent, the last reply was given
 * its minute, and every entry of theirs has its leaf, which is to be closed.
 */
export const readReady = (sql: Sql, pageId: RowId, bucket: number): Promise<OpenErasure[]> =>
  sql.rows<OpenErasure>(
    `select ${OPEN} from erasure e
      where e.page_id = $1 and e.bucket = $2 and e.state = 'waiting'
        and not exists (select from delivery d where d.lead_id = e.lead_id and d.status = 'sending')
        and not exists (select from reply r where r.lead_id = e.lead_id and r.status = 'sending')
        and not exists (select from reply r where r.lead_id = e.lead_id and r.kind = 'erasure_link' and r.status = 'pending'
          and r.created_at > clock_timestamp() - interval '60 seconds')
        and not exists (select from ledger_opening o join ledger_pending w on w.entry_id = o.entry_id where o.lead_id = e.lead_id)
      order by e.id`,
    [pageId, bucket],
  );

/** Erasures of these people that had not begun. */
export const readWaitingOf = (tx: Tx, leadIds: readonly RowId[]): Promise<OpenErasure[]> =>
  tx.rows<OpenErasure>(
    `select ${OPEN} from erasure where lead_id = any($1::bigint[]) and state = 'waiting' order by id`,
    [leadIds],
  );

/** Erasures of people of an account that goes as a whole: its own certificate stands for them. */
export const dropOpenErasures = (tx: Tx, accountId: RowId): Promise<number> =>
  tx.run(`delete from erasure where account_id = $1 and state <> 'complete'`, [accountId]);

export const readDestroying = (sql: Sql, pageId: RowId, bucket: number): Promise<OpenErasure[]> =>
  sql.rows<OpenErasure>(
    `select ${OPEN} from erasure e where e.page_id = $1 and e.bucket = $2 and e.state = 'destroying' order by e.id`,
    [pageId, bucket],
  );

export interface DeletedRows {
  readonly id: RowId;
  readonly leaves: number;
  readonly commitment: Buffer;
  readonly certificateHead: string;
}

export const recordDeleted = (
  tx: Tx,
  deleted: DeletedRows,
  { at, keyVersion }: { readonly at: Date; readonly keyVersion: number },
): Promise<number> =>
  tx.run(
    `update erasure set state = 'destroying', lead_id = null, link_ct = null, leaves = $2, commitment = $3, certificate_head = $4,
       rows_deleted_at = $5, key_version = $6 where id = $1 and state = 'waiting'`,
    [deleted.id, deleted.leaves, deleted.commitment, deleted.certificateHead, at, keyVersion],
  );

/** What was found of people whose rows are gone. */
export const recordFootprints = (
  sql: Sql,
  found: readonly { readonly erasureId: RowId; readonly text: string }[],
): Promise<number> =>
  sql.run(
    `update erasure e set footprint = n.text from unnest($1::bigint[], $2::text[]) as n (id, text) where e.id = n.id`,
    [found.map(({ erasureId }) => erasureId), found.map(({ text }) => text)],
  );

/** Erasures of people, and of accounts that were said yes to, which have no certificate yet. */
export interface Uncertified {
  readonly count: number;
  /** When the first of them was asked for; null when there is none. */
  readonly since: Date | null;
}

export async function readUncertified(sql: Sql): Promise<Uncertified> {
  const row = await sql.first<{ count: string; since: Date | null }>(
    `select count(*) as count, min(since) as since
      from (select requested_at as since from erasure where state <> 'complete'
        union all select confirmed_at from account_erasure where state in ('confirmed', 'destroying')) open`,
  );
  return { count: Number(row?.count ?? 0), since: row?.since ?? null };
}

/** Only the first certificate stays: a repetition after a crash changes nothing. */
export const recordComplete = (
  sql: Sql,
  id: RowId,
  {
    certificate,
    keysDestroyedAt,
    at,
  }: { readonly certificate: string; readonly keysDestroyedAt: Date; readonly at: Date },
): Promise<number> =>
  sql.run(
    `update erasure set state = 'complete', certificate = $2, keys_destroyed_at = $3, completed_at = $4, bucket = null, key_version = null
      where id = $1 and state = 'destroying'`,
    [id, certificate, keysDestroyedAt, at],
  );

export const keepNoMark = (tx: Tx, erasureId: RowId): Promise<number> =>
  tx.run('update erasure set keeps_mark = false where id = $1', [erasureId]);
