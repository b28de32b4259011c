import { CLOCK_SKEW_MS } from '../../kernel/clock';
import type { KeyedLeadRow } from '../leads';
import type { RowId, Sql } from '../sql.types';

type Ids = readonly RowId[];

export interface PersonRow extends Pick<KeyedLeadRow, 'bucket' | 'keyVersion' | 'dekWrapped'> {
  readonly id: RowId;
  readonly uuid: string;
  readonly subjectRef: Buffer;
  readonly pageId: RowId;
  readonly pageUuid: string;
  readonly metaPageId: string;
  readonly pageName: string;
}

export const readPeopleRows = (sql: Sql, leadIds: Ids): Promise<PersonRow[]> =>
  sql.rows(
    `select l.id, l.public_id as uuid, l.subject_ref as "subjectRef", p.id as "pageId", p.public_id as "pageUuid",
       p.meta_page_id as "metaPageId", p.name as "pageName", k.bucket, k.key_version as "keyVersion",
       k.dek_wrapped as "dekWrapped"
      from lead l join lead_key k on k.lead_id = l.id join page p on p.id = l.page_id
      where l.id = any($1::bigint[]) and l.status <> 'erasing'`,
    [leadIds],
  );

export interface OpeningRow {
  readonly leadId: RowId;
  readonly entryId: string;
  readonly openingCt: Buffer;
  readonly index: string;
}

/** Openings of entries that have their leaf below `size`. */
export const readSignedOpenings = (sql: Sql, leadIds: Ids, size: number): Promise<OpeningRow[]> =>
  sql.rows(
    `select o.lead_id as "leadId", o.entry_id as "entryId", o.opening_ct as "openingCt", f.leaf_index as index
      from ledger_opening o join ledger_leaf f on f.entry_id = o.entry_id
     where o.lead_id = any($1::bigint[]) and o.opening_ct is not null and f.leaf_index < $2`,
    [leadIds, size],
  );

export interface SegmentRow {
  readonly deliveryId: string;
  readonly position: number;
  /** Null for what lies between events. */
  readonly leadId: RowId | null;
  readonly bytes: Buffer;
}

/** The people's own events, and what lies around them in the same bodies. Never an event of somebody else. */
export const readSegments = (sql: Sql, leadIds: Ids): Promise<SegmentRow[]> =>
  sql.rows(
    `select s.delivery_id as "deliveryId", s.position, s.lead_id as "leadId", s.bytes from evidence_segment s
      where s.lead_id = any($1::bigint[])
     union all
     select s.delivery_id, s.position, null, s.bytes from evidence_segment s
      where s.kind = 'p' and s.delivery_id in
        (select delivery_id from evidence_segment where lead_id = any($1::bigint[]))`,
    [leadIds],
  );

export interface MessageRow {
  readonly leadId: RowId;
  readonly uuid: string;
  readonly attempt: number;
  readonly path: 'standard' | 'utility' | 'marketing';
  readonly consentEntry: string;
  readonly subjectN: number;
  readonly claimedAt: Date;
  readonly position: number;
  readonly broadcastUuid: string;
  readonly sendsEntry: string;
  readonly sendsIndex: string;
  readonly sendsOpening: Buffer;
  readonly commitments: Buffer;
  /** Messages of this person that the filter lets through, also those that are not among the newest. */
  readonly inAll: number;
}

/** Which messages of the people: all, or one broadcast's, or one message, or those of a time. */
export interface MessageFilter {
  readonly broadcastId?: RowId;
  readonly deliveryUuid?: string;
  /** Authorised in `[from, to)`. */
  readonly within?: { readonly from: Date; readonly to: Date };
  /** The newest of each person. */
  readonly most: number;
}

/**
 * Messages that were authorised, the newest signed attempt of each, in the order of the log. Test sends are among them, but not
 * where one broadcast is asked for: they are no messages of its audience.
 */
export const readMessages = (sql: Sql, leadIds: Ids, size: number, filter: MessageFilter): Promise<MessageRow[]> =>
  sql.rows(
    `select * from (
       select a.*, row_number() over (partition by "leadId" order by "sendsIndex" desc, position desc) as newest,
         count(*) over (partition by "leadId")::int as "inAll"
        from (
          select distinct on (m.lead_id, m.message_id) m.lead_id as "leadId", m.message_id as uuid, m.attempt, m.path,
            m.consent_entry as "consentEntry", m.subject_n as "subjectN", m.claimed_at as "claimedAt",
            m.sends_position as position, m.broadcast_uuid as "broadcastUuid", m.sends_entry as "sendsEntry",
            f.leaf_index as "sendsIndex", o.opening as "sendsOpening", s.commitments
           from authorised_attempt m join ledger_sends s on s.entry_id = m.sends_entry
             join ledger_leaf f on f.entry_id = m.sends_entry join ledger_opening o on o.entry_id = m.sends_entry
          where m.lead_id = any($1::bigint[]) and f.leaf_index < $2
            and ($3::bigint is null or (m.broadcast_id = $3 and not m.is_test))
            and ($4::uuid is null or m.message_id = $4)
            and ($6::timestamptz is null or (m.claimed_at >= $6 and m.claimed_at < $7::timestamptz))
          order by m.lead_id, m.message_id, m.attempt desc
        ) a
     ) m where newest <= $5 order by "leadId", "sendsIndex"::bigint, position`,
    [
      leadIds,
      size,
      filter.broadcastId ?? null,
      filter.deliveryUuid ?? null,
      filter.most,
      filter.within?.from ?? null,
      filter.within?.to ?? null,
    ],
  );

export async function findOwnLeadId(sql: Sql, accountId: RowId, leadUuid: string): Promise<RowId | undefined> {
  const row = await sql.first<{ id: RowId }>(
    `select id from lead where account_id = $1 and public_id = $2 and status <> 'erasing'`,
    [accountId, leadUuid],
  );
  return row?.id;
}

export interface AuthorisedRow {
  readonly seq: number;
  readonly leadId: RowId;
  readonly uuid: string;
}

/** Messages of a broadcast that were authorised to people who are still known, by their place in the audience. */
export const readAuthorised = (
  sql: Sql,
  broadcastId: RowId,
  afterSeq: number,
  limit: number,
): Promise<AuthorisedRow[]> =>
  sql.rows(
    `select seq, lead_id as "leadId", public_id as uuid from delivery
      where broadcast_id = $1 and seq > $2 and sends_entry is not null and lead_id is not null order by seq limit $3`,
    [broadcastId, afterSeq, limit],
  );

export const findAuthorised = (
  sql: Sql,
  broadcastId: RowId,
  deliveryUuid: string,
): Promise<AuthorisedRow | undefined> =>
  sql.first(
    `select seq, lead_id as "leadId", public_id as uuid from delivery
      where broadcast_id = $1 and public_id = $2 and sends_entry is not null and lead_id is not null`,
    [broadcastId, deliveryUuid],
  );

export interface LeafRange {
  /** First leaf. */
  readonly from: number;
  /** The leaf after the last. */
  readonly to: number;
}

/** Of lead `l`, in leaves from `from` on and before `to`: entries, and messages by the chunk in which they were authorised. */
const entriesWithin = (from: string, to: string): string =>
  `from ledger_opening o join ledger_leaf f on f.entry_id = o.entry_id
     where o.lead_id = l.id and f.leaf_index >= ${from} and f.leaf_index < ${to}`;
const messagesWithin = (from: string, to: string): string =>
  `from authorised_attempt m join ledger_leaf s on s.entry_id = m.sends_entry
     where m.lead_id = l.id and s.leaf_index >= ${from} and s.leaf_index < ${to}`;

/**
 * The same question for batches and for everybody at once. Asked with `exists`, PostgreSQL gathers all leaves of the range first: once for
 * everybody that is fastest, but for each batch it would take the square of the time. So a batch asks person by person.
 */
const hasLeafOneByOne = (from: string, to: string): string =>
  `coalesce((select true ${entriesWithin(from, to)} limit 1), (select true ${messagesWithin(from, to)} limit 1), false)`;
const hasLeafAmongAll = (from: string, to: string): string =>
  `(exists (select ${entriesWithin(from, to)}) or exists (select ${messagesWithin(from, to)}))`;

/** Leads of the account, or of one of its Pages, with an entry or a message among those leaves; by id. */
export async function readLeadsInRange(
  sql: Sql,
  account: { readonly id: RowId; readonly pageId: RowId | null },
  range: LeafRange,
  afterId: RowId,
  limit: number,
): Promise<RowId[]> {
  const rows = await sql.rows<{ id: RowId }>(
    `select l.id from lead l
      where l.account_id = $1 and ($2::bigint is null or l.page_id = $2) and l.id > $3
        and ${hasLeafOneByOne('$4', '$5')}
      order by l.id limit $6`,
    [account.id, account.pageId, afterId, range.from, range.to, limit],
  );
  return rows.map(({ id }) => id);
}

/** In which of the gaps between the leaves `between` those leads have an entry, or a chunk of theirs has: 0 before the first of them. */
export async function gapsOfLeadsInRange(
  sql: Sql,
  account: { readonly id: RowId; readonly pageId: RowId | null },
  range: LeafRange,
  between: readonly number[],
): Promise<number[]> {
  const rows = await sql.rows<{ gap: number }>(
    `select width_bucket(f.leaf_index, $5::bigint[]) as gap
      from ledger_sends s join page p on p.id = s.page_id join ledger_leaf f on f.entry_id = s.entry_id
     where p.account_id = $1 and ($2::bigint is null or p.id = $2) and f.leaf_index >= $3 and f.leaf_index < $4
     union
     select width_bucket(own.leaf_index, $5::bigint[])
      from lead l join ledger_opening x on x.lead_id = l.id join ledger_leaf own on own.entry_id = x.entry_id
     where l.account_id = $1 and ($2::bigint is null or l.page_id = $2)
       and ${hasLeafAmongAll('$3', '$4')}`,
    [account.id, account.pageId, range.from, range.to, between],
  );
  return rows.map(({ gap }) => gap);
}

/** The same for the recipients of a broadcast and the chunks in which they were authorised. */
export async function gapsOfBroadcast(sql: Sql, broadcastId: RowId, between: readonly number[]): Promise<number[]> {
  const rows = await sql.rows<{ gap: number }>(
    `select distinct width_bucket(f.leaf_index, $2::bigint[]) as gap
      from (select o.entry_id from delivery d join ledger_opening o on o.lead_id = d.lead_id
             where d.broadcast_id = $1 and d.sends_entry is not null
            union all select entry_id from ledger_sends where broadcast_id = $1) e
        join ledger_leaf f on f.entry_id = e.entry_id`,
    [broadcastId, between],
  );
  return rows.map(({ gap }) => gap);
}

/**
 * The leaves that were signed from shortly before `from` until well after `to`: an entry is signed after it was written, and
 * within `slackMs` unless the log stood still. When nothing was signed in that time, all that came later counts.
 */
export async function leavesBetween(
  sql: Sql,
  { from, to, slackMs }: { readonly from: Date; readonly to: Date; readonly slackMs: number },
  size: number,
): Promise<LeafRange> {
  const soon = new Date(to.getTime() + CLOCK_SKEW_MS);
  const late = new Date(to.getTime() + slackMs);
  const row = await sql.first<{ from: string; to: string | null }>(
    `select coalesce((select max(size) from ledger_checkpoint where signed_at < $1), 0) as from,
       case when exists (select from ledger_checkpoint where signed_at >= $2 and signed_at < $3)
         then (select min(size) from ledger_checkpoint where signed_at >= $3) end as to`,
    [new Date(from.getTime() - CLOCK_SKEW_MS), soon, late],
  );
  return { from: Number(row?.from ?? 0), to: Math.min(size, Number(row?.to ?? size)) };
}

export interface WordingRow {
  readonly sha256: Buffer;
  readonly body: string;
}

/** Every wording that Pages of the account, or one of them, have had; and those that people brought along who came back. */
export const readWordings = (sql: Sql, accountId: RowId, pageId: RowId | null): Promise<WordingRow[]> =>
  sql.rows(
    `select distinct n.sha256, n.body from notice n join page p on p.id = n.page_id
      where p.account_id = $1 and ($2::bigint is null or p.id = $2)
     union
     select r.sha256, r.body from returned_notice r join page p on p.id = r.page_id
      where p.account_id = $1 and ($2::bigint is null or p.id = $2)`,
    [accountId, pageId],
  );
