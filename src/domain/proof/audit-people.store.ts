import type { KeyedLeadRow } from '../leads';
import type { RowId, Sql } from '../sql.types';
import type { RowTime } from './audit-chain.rules';
import type { MessageRow } from './person.store';

/** Lower than every id there is. */
export const BEFORE_ALL: RowId = '-9223372036854775808';

/** @param ending Pages whose people nothing opens any more */
export async function readLeadIds(sql: Sql, ending: readonly RowId[], after: RowId, limit: number): Promise<RowId[]> {
  const rows = await sql.rows<{ id: RowId }>(
    `select id from lead where id > $1
        and not (page_id = any($2::bigint[]) and account_id = (select account_id from page where page.id = lead.page_id))
      order by id limit $3`,
    [after, ending, limit],
  );
  return rows.map(({ id }) => id);
}

/** A time as entries write theirs, or a word for one that no entry could write: infinite, or finer than a millisecond. */
export const timeText = (column: string): string =>
  `case when ${column} is null then null
    when isfinite(${column}) and ${column} = date_trunc('milliseconds', ${column})
      then to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
    else 'none' end`;

type LeadColumns = Pick<
  KeyedLeadRow,
  | 'id'
  | 'status'
  | 'subjectRef'
  | 'chainN'
  | 'chainHead'
  | 'consentEntry'
  | 'consentCommitment'
  | 'consentN'
  | 'withdrawalCommitment'
  | 'marketingTokenState'
>;

/** A lead with its key and Page, as far as there are any. */
export interface AuditedLead extends LeadColumns {
  readonly uuid: string;
  readonly optedInAt: RowTime;
  readonly explicitActAt: RowTime;
  readonly withdrawnAt: RowTime;
  readonly tokenCt: Buffer | null;
  readonly tokenAt: RowTime;
  readonly tokenExpiresAt: RowTime;
  /** Null for a row without a time; false for one that is none. */
  readonly isNoticeShown: boolean | null;
  readonly noticeVersion: number | null;
  readonly webTokenSha256: Buffer;
  readonly returnedAt: RowTime;
  readonly psidIndex: Buffer | null;
  readonly psidCt: Buffer | null;
  readonly bucket: number | null;
  readonly keyVersion: number | null;
  readonly dekWrapped: Buffer | null;
  readonly pageUuid: string | null;
  readonly metaPageId: string | null;
  /** Lead, key, bucket, Page and account belong together. */
  readonly isOwn: boolean;
  /** Their erasure was asked for, and has not deleted them yet. */
  readonly isErasureOpen: boolean;
}

export const readLeads = (sql: Sql, leadIds: readonly RowId[]): Promise<AuditedLead[]> =>
  sql.rows(
    `select l.id, l.status, l.subject_ref as "subjectRef", l.chain_n as "chainN", l.chain_head as "chainHead",
       l.consent_entry as "consentEntry", l.consent_commitment as "consentCommitment", l.consent_n as "consentN",
       ${timeText('l.opted_in_at')} as "optedInAt", ${timeText('l.explicit_act_at')} as "explicitActAt",
       ${timeText('l.withdrawn_at')} as "withdrawnAt", l.withdrawal_commitment as "withdrawalCommitment",
       l.marketing_token_state as "marketingTokenState", l.marketing_token_ct as "tokenCt",
       ${timeText('l.marketing_token_at')} as "tokenAt", ${timeText('l.marketing_token_expires_at')} as "tokenExpiresAt",
       isfinite(l.notice_shown_at) as "isNoticeShown", l.notice_version as "noticeVersion",
       l.web_token_sha256 as "webTokenSha256", ${timeText('l.returned_at')} as "returnedAt", k.psid_index as "psidIndex", k.psid_ct as "psidCt",
       k.bucket, k.key_version as "keyVersion", k.dek_wrapped as "dekWrapped", p.public_id as "pageUuid",
       p.meta_page_id as "metaPageId", l.public_id as uuid,
       coalesce(k.page_id = l.page_id and p.account_id = l.account_id and b.key_version = k.key_version, false) as "isOwn",
       exists (select from erasure e where e.lead_id = l.id and e.state = 'waiting') as "isErasureOpen"
      from lead l left join lead_key k on k.lead_id = l.id left join page p on p.id = l.page_id
        left join key_bucket b on b.page_id = k.page_id and b.bucket = k.bucket
     where l.id = any($1::bigint[]) order by l.id`,
    [leadIds],
  );

export interface ChainRow {
  readonly leadId: RowId;
  readonly entryId: string;
  readonly openingCt: Buffer | null;
  /** Leaf; null while it waits for one. */
  readonly index: string | null;
  /** The commitment that waits for a leaf. */
  readonly waiting: Buffer | null;
  /** The row names the account of the lead. */
  readonly isOwn: boolean;
  /** What shows whose it is. */
  readonly ownerMac: Buffer | null;
}

export const readChains = (sql: Sql, leadIds: readonly RowId[]): Promise<ChainRow[]> =>
  sql.rows(
    `select o.lead_id as "leadId", o.entry_id as "entryId", o.opening_ct as "openingCt", f.leaf_index as index,
       w.commitment as waiting, o.owner_mac as "ownerMac", coalesce(o.account_id = l.account_id, false) as "isOwn"
      from ledger_opening o join lead l on l.id = o.lead_id left join ledger_leaf f on f.entry_id = o.entry_id
        left join ledger_pending w on w.entry_id = o.entry_id
     where o.lead_id = any($1::bigint[])`,
    [leadIds],
  );

/** A message as its row tells of it; where the row names nothing that exists, there is null. */
export type AuditedMessage = {
  readonly [Column in Exclude<keyof MessageRow, 'leadId' | 'inAll'>]: MessageRow[Column] | null;
} & {
  readonly leadId: RowId;
  readonly broadcastId: RowId;
  readonly isTest: boolean;
  /** The chunk is one of the same broadcast and Page. */
  readonly isOwn: boolean;
};

/** Where reading of messages stopped. */
export type MessagePlace = Pick<AuditedMessage, 'leadId' | 'broadcastId' | 'uuid' | 'attempt'>;

const NO_UUID = "'00000000-0000-0000-0000-000000000000'";

/** Every attempt that was authorised, by lead, broadcast and message. */
export const readLoggedMessages = (
  sql: Sql,
  leadIds: readonly RowId[],
  after: MessagePlace,
  limit: number,
): Promise<AuditedMessage[]> =>
  sql.rows(
    `select d.lead_id as "leadId", d.broadcast_id as "broadcastId", d.message_id as uuid, d.attempt, d.path,
       d.consent_entry as "consentEntry", d.subject_n as "subjectN", d.sends_position as position,
       case when d.claimed_at between '2000-01-01' and '9999-12-31' and d.claimed_at = date_trunc('milliseconds', d.claimed_at)
         then d.claimed_at end as "claimedAt",
       d.broadcast_uuid as "broadcastUuid", d.sends_entry as "sendsEntry", f.leaf_index as "sendsIndex", s.commitments,
       d.is_test as "isTest", o.opening as "sendsOpening",
       coalesce(s.broadcast_id = d.broadcast_id and s.page_id = d.page_id, false) as "isOwn"
      from authorised_attempt d left join ledger_sends s on s.entry_id = d.sends_entry
        left join ledger_leaf f on f.entry_id = d.sends_entry left join ledger_opening o on o.entry_id = d.sends_entry
     where d.lead_id = any($1::bigint[])
       and (d.lead_id, d.broadcast_id, coalesce(d.message_id, ${NO_UUID}), d.attempt)
         > ($2::bigint, $3::bigint, coalesce($4::uuid, ${NO_UUID}), $5::smallint)
     order by d.lead_id, d.broadcast_id, coalesce(d.message_id, ${NO_UUID}), d.attempt limit $6`,
    [leadIds, after.leadId, after.broadcastId, after.uuid, after.attempt, limit],
  );

export interface StrayMessage {
  readonly entryId: string | null;
  readonly index: string | null;
}

/** Messages that left, by their rows, without an entry that authorised them. */
export const readUnauthorised = (sql: Sql): Promise<StrayMessage[]> =>
  sql.rows(
    `select null as "entryId", null as index from delivery
      where sends_entry is null and (attempt > 0 or status in ('sending', 'accepted', 'rejected', 'uncertain')) limit 100`,
  );

/** Authorised attempts whose lead is not known. */
export const readUnowned = (sql: Sql): Promise<StrayMessage[]> =>
  sql.rows(
    `select d.sends_entry as "entryId", f.leaf_index as index
      from authorised_attempt d left join ledger_leaf f on f.entry_id = d.sends_entry
     where not exists (select from lead l where l.id = d.lead_id) limit 100`,
  );

/** Messages whose earlier attempts are not all there. */
export const readLostAttempts = (sql: Sql): Promise<StrayMessage[]> =>
  sql.rows(
    `select d.sends_entry as "entryId", f.leaf_index as index
      from delivery d left join ledger_leaf f on f.entry_id = d.sends_entry
        left join (select message_id, count(*) as n from logged_send where not is_test group by message_id) e
          on e.message_id = d.public_id
     where d.lead_id is not null and d.sends_entry is not null and d.attempt - 1 <> coalesce(e.n, 0) + d.untold_attempts limit 100`,
  );

/**
 * Chunks of which rows tell another number of attempts than they authorised. Of those before the leaf `from` not every attempt was
 * kept: `delivery.untold_attempts` counts the others.
 */
export const readUntold = (sql: Sql, from: number): Promise<StrayMessage[]> =>
  sql.rows(
    `select s.entry_id as "entryId", f.leaf_index as index
      from ledger_sends s left join ledger_leaf f on f.entry_id = s.entry_id
        left join (select sends_entry, count(*) as n from authorised_attempt group by sends_entry) t
          on t.sends_entry = s.entry_id
     where (f.leaf_index is null or f.leaf_index > $1) and octet_length(s.commitments) / 32 <> coalesce(t.n, 0)
     order by f.leaf_index limit 100`,
    [from],
  );

/** Broadcasts whose rows tell of another number of attempts than was authorised, with the first entry of each. */
export const readMiscounted = (sql: Sql): Promise<StrayMessage[]> =>
  sql.rows(
    `with authorised as (
       select s.broadcast_id, sum(octet_length(s.commitments) / 32) as n, min(f.leaf_index) as index
        from ledger_sends s left join ledger_leaf f on f.entry_id = s.entry_id group by s.broadcast_id
     ), told as (
       select broadcast_id, sum(n) as n
        from (select broadcast_id, attempt as n from delivery where attempt <> 0
              union all select broadcast_id, 1 from logged_send where is_test) x group by broadcast_id
     )
     select f.entry_id as "entryId", a.index
      from authorised a full join told t on t.broadcast_id = a.broadcast_id
        left join ledger_leaf f on f.leaf_index = a.index
     where a.n is distinct from t.n limit 100`,
  );
