import { InvariantError } from '../../kernel/errors';
import type { LeadStatus } from '../lead-status.types';
import type { RowId, Sql, Tx } from '../sql.types';
import type { KeyedLeadRow, LeadPage, LeadRow } from './lead.types';

const LEAD = `l.id, l.public_id as uuid, l.account_id as "accountId", l.page_id as "pageId", l.status,
  l.subject_ref as "subjectRef", l.chain_n as "chainN", l.chain_head as "chainHead",
  l.consent_entry as "consentEntry", l.consent_commitment as "consentCommitment", l.consent_n as "consentN",
  l.opted_in_at as "optedInAt", l.explicit_act_at as "explicitActAt", l.withdrawn_at as "withdrawnAt",
  l.withdrawal_commitment as "withdrawalCommitment", l.last_inbound_at as "lastInboundAt",
  l.last_ad_message_at as "lastAdMessageAt", l.marketing_token_state as "marketingTokenState",
  l.marketing_token_at as "marketingTokenAt", l.notice_shown_at as "noticeShownAt",
  l.unreachable_at as "unreachableAt", l.failed_in_a_row as "failedInARow", l.ref_index as "refIndex",
  l.locale, l.created_at as "createdAt", l.returned_at as "returnedAt"`;
/** Of lead `l` on Page `p`: nobody erases them, alone or with their account. */
export const IS_THERE = `l.status <> 'erasing' and not p.is_ending`;

const KEY = `k.bucket, k.key_version as "keyVersion", k.dek_wrapped as "dekWrapped", k.psid_ct as "psidCt"`;

/**
 * Reads the key version of a bucket and keeps rotation out until the transaction ends. An index made under another
 * version than the one in force would not find the person, and would let a second lead be made for them.
 */
export async function shareBucket(tx: Tx, pageId: RowId, bucket: number): Promise<number> {
  const row = await tx.first<{ version: number }>(
    `select key_version as version from key_bucket where page_id = $1 and bucket = $2 for share`,
    [pageId, bucket],
  );
  if (row === undefined) throw new InvariantError('bucket_missing', 'a connected Page has no row for this key bucket');
  return row.version;
}

export function lockLeadByIndex(
  tx: Tx,
  pageId: RowId,
  bucket: number,
  index: Buffer,
): Promise<KeyedLeadRow | undefined> {
  return tx.first<KeyedLeadRow>(
    `select ${LEAD}, ${KEY} from lead_key k join lead l on l.id = k.lead_id
     where k.page_id = $1 and k.bucket = $2 and k.psid_index = $3 for update of l`,
    [pageId, bucket, index],
  );
}

export async function findLeadIdByIndex(
  sql: Sql,
  pageId: RowId,
  bucket: number,
  index: Buffer,
): Promise<RowId | undefined> {
  const row = await sql.first<{ id: RowId }>(
    `select lead_id as id from lead_key where page_id = $1 and bucket = $2 and psid_index = $3`,
    [pageId, bucket, index],
  );
  return row?.id;
}

/** Locks one lead for change. Take it before any delivery or reply of that lead. */
export function lockLeadRow(tx: Tx, leadId: RowId): Promise<KeyedLeadRow | undefined> {
  return tx.first<KeyedLeadRow>(
    `select ${LEAD}, ${KEY} from lead l join lead_key k on k.lead_id = l.id where l.id = $1 for update of l`,
    [leadId],
  );
}

export function readLeadRow(sql: Sql, leadId: RowId): Promise<KeyedLeadRow | undefined> {
  return sql.first<KeyedLeadRow>(
    `select ${LEAD}, ${KEY} from lead l join lead_key k on k.lead_id = l.id where l.id = $1`,
    [leadId],
  );
}

export type FirstContact = Pick<ContactChange, 'lastInboundAt' | 'lastAdMessageAt' | 'refIndex'>;

export interface NewLead {
  readonly uuid: string;
  readonly status: LeadStatus;
  readonly subjectRef: Buffer;
  readonly webTokenSha256: Buffer;
  readonly bucket: number;
  readonly keyVersion: number;
  readonly psidIndex: Buffer;
  readonly dekWrapped: Buffer;
  readonly psidCt: Buffer;
  readonly createdAt: Date;
  readonly contact: FirstContact;
}

/**
 * Writes the lead with its key, in one statement.
 *
 * @returns undefined when somebody else made a lead of this person first: the transaction must be rolled back
 */
export async function insertLead(tx: Tx, page: LeadPage, lead: NewLead): Promise<LeadRow | undefined> {
  const row = await tx.first<LeadRow & { readonly isFirst: boolean }>(
    `with l as (
       insert into lead (public_id, account_id, page_id, status, subject_ref, web_token_sha256, created_at,
         last_inbound_at, last_ad_message_at, ref_index)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning *
     ), k as (
       insert into lead_key (lead_id, page_id, bucket, key_version, psid_index, dek_wrapped, psid_ct)
       select l.id, $3, $11, $12, $13, $14, $15 from l on conflict on constraint lead_key_person_key do nothing
       returning lead_id
     )
     select ${LEAD}, exists (select from k) as "isFirst" from l`,
    [
      lead.uuid,
      page.accountId,
      page.id,
      lead.status,
      lead.subjectRef,
      lead.webTokenSha256,
      lead.createdAt,
      lead.contact.lastInboundAt,
      lead.contact.lastAdMessageAt,
      lead.contact.refIndex,
      lead.bucket,
      lead.keyVersion,
      lead.psidIndex,
      lead.dekWrapped,
      lead.psidCt,
    ],
  );
  return row?.isFirst === true ? row : undefined;
}

/** What an act of the person changes besides their consent. Everything is the value to be, not a step. */
export interface ContactChange {
  readonly lastInboundAt: Date | null;
  readonly lastAdMessageAt: Date | null;
  readonly unreachableAt: Date | null;
  readonly failedInARow: number;
  readonly refIndex: Buffer | null;
}

export async function updateContact(tx: Tx, leadId: RowId, change: ContactChange): Promise<void> {
  await tx.run(
    `update lead set last_inbound_at = $2, last_ad_message_at = $3, unreachable_at = $4, failed_in_a_row = $5, ref_index = $6
     where id = $1`,
    [leadId, change.lastInboundAt, change.lastAdMessageAt, change.unreachableAt, change.failedInARow, change.refIndex],
  );
}

export interface MarketingToken {
  readonly tokenCt: Buffer;
  readonly state: string;
  readonly expiresAt: Date | null;
  readonly at: Date;
}

export async function updateMarketingToken(tx: Tx, leadId: RowId, token: MarketingToken): Promise<void> {
  await tx.run(
    `update lead set marketing_token_ct = $2, marketing_token_state = $3, marketing_token_expires_at = $4,
       marketing_token_at = $5 where id = $1`,
    [leadId, token.tokenCt, token.state, token.expiresAt, token.at],
  );
}

const LIVE_TOKEN = `marketing_token_state in ('granted', 'renewed', 'resumed')`;

export interface ExpiredToken {
  readonly leadId: RowId;
  readonly page: { readonly uuid: string; readonly metaPageId: string };
}

/** Leads whose permission for marketing messages has run out without anything having been written of it. */
export async function readExpiredTokens(sql: Sql, now: Date, limit: number): Promise<ExpiredToken[]> {
  const rows = await sql.rows<{ leadId: RowId; uuid: string; metaPageId: string }>(
    `select l.id as "leadId", p.public_id as uuid, p.meta_page_id as "metaPageId"
      from lead l join page p on p.id = l.page_id and not p.is_ending
     where l.status <> 'erasing' and l.${LIVE_TOKEN} and l.marketing_token_expires_at <= $1 and l.marketing_token_ct is not null
     order by l.marketing_token_expires_at limit $2`,
    [now, limit],
  );
  return rows.map(({ leadId, uuid, metaPageId }) => ({ leadId, page: { uuid, metaPageId } }));
}

/** The token of a locked lead, if it is live on paper and has run out at `now`. */
export const readMarketingToken = (
  tx: Tx,
  leadId: RowId,
  now: Date,
): Promise<{ readonly tokenCt: Buffer; readonly expiresAt: Date } | undefined> =>
  tx.first(
    `select marketing_token_ct as "tokenCt", marketing_token_expires_at as "expiresAt" from lead
      where id = $1 and ${LIVE_TOKEN} and marketing_token_expires_at <= $2 and marketing_token_ct is not null`,
    [leadId, now],
  );

/** The moment of the last event stays: one of Meta's that is dated later still counts. */
export async function markTokenExpired(tx: Tx, leadId: RowId): Promise<void> {
  await tx.run(`update lead set marketing_token_state = 'expired' where id = $1`, [leadId]);
}

/** The first lead of every Page that has one. */
export const readOneOfEveryPage = (sql: Sql): Promise<{ readonly pageUuid: string; readonly leadId: RowId }[]> =>
  sql.rows(
    `select p.public_id as "pageUuid", l.id as "leadId"
      from page p cross join lateral (select id from lead where page_id = p.id order by id limit 1) l
      where not p.is_ending order by p.id`,
  );
