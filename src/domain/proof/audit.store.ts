import type { RowId, Sql, Tx } from '../sql.types';

/** Everything an audit reads is of one moment, however long it takes. */
export const readOneMoment = (tx: Tx): Promise<unknown> =>
  tx.run('set transaction isolation level repeatable read, read only');

export async function readPageUuids(sql: Sql): Promise<string[]> {
  const rows = await sql.rows<{ uuid: string }>('select public_id as uuid from page order by id');
  return rows.map(({ uuid }) => uuid);
}

export interface EndingPageRow {
  readonly id: RowId;
  readonly uuid: string;
  readonly accountId: RowId;
  readonly accountUuid: string;
}

/** Pages of accounts whose keys are going or gone, and whose rows are going. */
export const readEndingPages = (sql: Sql): Promise<EndingPageRow[]> =>
  sql.rows(
    `select p.id, p.public_id as uuid, a.id as "accountId", a.public_id as "accountUuid"
      from page p join account a on a.id = p.account_id
     where exists (select from account_erasure e
       where e.account_id = a.id and e.state = 'destroying' and e.rows_deleted_at is null) order by p.id`,
  );

export interface LeafRow {
  readonly index: string;
  readonly entryId: string | null;
  readonly state: 'open' | 'erased' | 'closed' | 'lost';
  /** Of a leaf that is not open: what shows as what it was closed. */
  readonly closedMac: Buffer | null;
  readonly hasOpening: boolean;
  readonly leadId: RowId | null;
  readonly accountId: RowId | null;
  readonly accountUuid: string | null;
  /** What shows whose the opening is. */
  readonly ownerMac: Buffer | null;
  readonly openingCt: Buffer | null;
  readonly opening: Buffer | null;
  readonly pageUuid: string | null;
  readonly bucket: number | null;
  readonly keyVersion: number | null;
  readonly dekWrapped: Buffer | null;
  readonly commitments: Buffer | null;
  /** Of a chunk: what its row says that its entry says too. */
  readonly broadcastUuid: string | null;
  /** What the rows of test sends say in place of it: the draft may be deleted. */
  readonly testedUuid: string | null;
  readonly contentSha256: Buffer | null;
  readonly chunkPage: string | null;
  /** Of a chunk: its Page is of the account of the opening. */
  readonly isPageOwn: boolean;
  /** The same of its broadcast; null when that is not stored. */
  readonly isBroadcastOwn: boolean | null;
}

export const readLeaves = (sql: Sql, from: number, to: number): Promise<LeafRow[]> =>
  sql.rows(
    `select f.leaf_index as index, f.entry_id as "entryId", f.state, f.closed_mac as "closedMac", o.entry_id is not null as "hasOpening",
       o.lead_id as "leadId", o.account_id as "accountId", a.public_id as "accountUuid", o.owner_mac as "ownerMac", o.opening_ct as "openingCt", o.opening, p.public_id as "pageUuid", k.bucket,
       k.key_version as "keyVersion", k.dek_wrapped as "dekWrapped", s.commitments, t.broadcast_uuid as "testedUuid",
       b.public_id as "broadcastUuid", b.content_sha256 as "contentSha256", c.meta_page_id as "chunkPage",
       coalesce(c.account_id = o.account_id, false) as "isPageOwn", b.account_id = o.account_id as "isBroadcastOwn"
      from ledger_leaf f left join ledger_opening o on o.entry_id = f.entry_id
        left join lead_key k on k.lead_id = o.lead_id left join page p on p.id = k.page_id
        left join ledger_sends s on s.entry_id = f.entry_id left join broadcast b on b.id = s.broadcast_id
        left join page c on c.id = s.page_id left join account a on a.id = o.account_id
        left join lateral (select broadcast_uuid from logged_send where sends_entry = f.entry_id and is_test limit 1) t on true
     where f.leaf_index >= $1 and f.leaf_index < $2 order by f.leaf_index`,
    [from, to],
  );

export interface CheckpointRow {
  readonly size: string;
  readonly root: Buffer;
  readonly note: string;
  /** Null for a time that is none. */
  readonly signedAt: Date | null;
}

/** Checkpoints of trees larger than `from`, up to `to`. */
export const readCheckpoints = (sql: Sql, from: number, to: number): Promise<CheckpointRow[]> =>
  sql.rows(
    `select size, root, note, case when isfinite(signed_at) then signed_at end as "signedAt"
      from ledger_checkpoint where size > $1 and size <= $2 order by size`,
    [from, to],
  );

export interface NoteRow {
  readonly size: string;
  readonly note: string;
}

/** The checkpoints after that of `after`, by size. */
export const readNotes = (sql: Sql, after: string, limit: number): Promise<NoteRow[]> =>
  sql.rows('select size, note from ledger_checkpoint where size > $1::bigint order by size limit $2', [after, limit]);

/** Checkpoints of trees that there are not. */
export const readStrayCheckpoints = (sql: Sql, size: number): Promise<NoteRow[]> =>
  sql.rows('select size, note from ledger_checkpoint where size <= 0 or size > $1 order by size limit 100', [size]);

export interface TileRow {
  readonly level: number;
  readonly n: string;
}

/** Tiles that a tree of this size does not have. */
export const readExtraTiles = (sql: Sql, size: number): Promise<TileRow[]> =>
  sql.rows(
    `select level, n from ledger_tile
      where level < -1 or n < 0 or n::numeric * 256 >= ceil($1::numeric / power(256::numeric, greatest(level, 0)))
         or floor($1::numeric / power(256::numeric, greatest(level, 0))) <= n::numeric * 256 order by level, n limit 100`,
    [size],
  );

/** Leaves behind the end of the log, or before its beginning. */
export async function readStrayLeaves(sql: Sql, size: number): Promise<string[]> {
  const rows = await sql.rows<{ index: string }>(
    'select leaf_index as index from ledger_leaf where leaf_index >= $1 or leaf_index < 0 order by leaf_index limit 100',
    [size],
  );
  return rows.map(({ index }) => index);
}

export interface PendingAuditRow {
  readonly id: RowId;
  readonly entryId: string;
  readonly commitment: Buffer;
  readonly mac: Buffer;
  readonly macKeyId: number;
  readonly hasOpening: boolean;
  readonly accountId: RowId | null;
  readonly accountUuid: string | null;
  /** What shows whose the opening is. */
  readonly ownerMac: Buffer | null;
  /** Null for what is sealed. */
  readonly opening: Buffer | null;
  readonly hasLeaf: boolean;
}

export const readPendingRows = (sql: Sql, after: RowId, limit: number): Promise<PendingAuditRow[]> =>
  sql.rows(
    `select p.id, p.entry_id as "entryId", p.commitment, p.mac, p.mac_key_id as "macKeyId",
       o.entry_id is not null as "hasOpening", o.account_id as "accountId", o.opening,
       o.owner_mac as "ownerMac", a.public_id as "accountUuid",
       exists (select from ledger_leaf f where f.entry_id = p.entry_id) as "hasLeaf"
      from ledger_pending p left join ledger_opening o on o.entry_id = p.entry_id left join account a on a.id = o.account_id where p.id > $1 order by p.id limit $2`,
    [after, limit],
  );

/** Openings that have neither a leaf nor a place among those that wait for one. */
export const readUnlogged = (sql: Sql): Promise<{ entryId: string }[]> =>
  sql.rows(
    `select o.entry_id as "entryId" from ledger_opening o
      where not exists (select from ledger_leaf f where f.entry_id = o.entry_id)
        and not exists (select from ledger_pending p where p.entry_id = o.entry_id) limit 100`,
  );

/** Chunks and announcements whose entry is not stored. */
export const readWithoutEntry = (sql: Sql): Promise<{ entryId: string }[]> =>
  sql.rows(
    `select x.entry_id as "entryId"
      from (select entry_id from ledger_sends union all select entry_id from ledger_announced) x
      where not exists (select from ledger_opening o where o.entry_id = x.entry_id) limit 100`,
  );

export interface UnownedRow {
  readonly entryId: string;
  readonly index: string | null;
}

/** Openings of people who are not stored. */
export const readUnownedOpenings = (sql: Sql): Promise<UnownedRow[]> =>
  sql.rows(
    `select o.entry_id as "entryId", f.leaf_index as index
      from ledger_opening o left join ledger_leaf f on f.entry_id = o.entry_id
     where o.opening_ct is not null and not exists (select from lead l where l.id = o.lead_id) limit 100`,
  );

/** What is kept of people who are not stored: pieces of webhooks, and keys. */
export async function readOrphans(sql: Sql): Promise<{ readonly pieces: boolean; readonly keys: boolean }> {
  const row = await sql.first<{ pieces: boolean; keys: boolean }>(
    `select exists (select from evidence_segment s where s.lead_id is not null
         and not exists (select from lead l where l.id = s.lead_id))
       or exists (select from evidence_segment s where s.lead_id is null
         and not exists (select from evidence_segment o where o.delivery_id = s.delivery_id and o.lead_id is not null)) as pieces,
       exists (select from lead_key k where not exists (select from lead l where l.id = k.lead_id)) as keys`,
  );
  return { pieces: row?.pieces === true, keys: row?.keys === true };
}

export async function readAccountUuids(sql: Sql): Promise<string[]> {
  const rows = await sql.rows<{ uuid: string }>('select public_id as uuid from account order by id');
  return rows.map(({ uuid }) => uuid);
}

/** Tables with a row under a number that is never given out: rows are read by number, from the lowest that may be. */
export async function readMisnumbered(sql: Sql): Promise<string[]> {
  const rows = await sql.rows<{ table: string }>(
    `select 'lead' as table where exists (select from lead where id < 1)
     union all select 'page' where exists (select from page where id < 1)
     union all select 'broadcast' where exists (select from broadcast where id < 1)
     union all select 'ledger_pending' where exists (select from ledger_pending where id < 1)`,
  );
  return rows.map(({ table }) => table);
}

/** Rows that the sequencer set aside. */
export async function countRejected(sql: Sql): Promise<number> {
  const row = await sql.first<{ n: string }>('select count(*) as n from ledger_rejected');
  return Number(row?.n ?? 0);
}

/** Wordings whose text is not what their hash says. */
export const readChangedWordings = (
  sql: Sql,
): Promise<{ readonly version: number | null; readonly language: string | null }[]> =>
  sql.rows(
    `select version, language from (
       select page_id, version, language from notice where sha256 <> sha256(convert_to(body, 'UTF8'))
       union all
       select page_id, null, null from returned_notice where sha256 <> sha256(convert_to(body, 'UTF8'))
     ) n order by page_id, version limit 100`,
  );

/** How many leaves there would be if none was missing. */
export async function readLeafEnd(sql: Sql): Promise<number> {
  const row = await sql.first<{ end: string }>('select coalesce(max(leaf_index) + 1, 0) as end from ledger_leaf');
  return Number(row?.end ?? 0);
}
