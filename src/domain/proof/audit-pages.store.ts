import type { RowId, Sql } from '../sql.types';

export interface AuditedPage {
  readonly id: RowId;
  readonly accountId: RowId;
  readonly metaPageId: string;
  readonly optInMode: string;
  readonly basis: string;
  readonly noticeVersion: number;
  /** Wordings, in every version and language. */
  readonly wordings: number;
}

export const readPages = (sql: Sql, after: RowId, limit: number): Promise<AuditedPage[]> =>
  sql.rows(
    `select p.id, p.account_id as "accountId", p.meta_page_id as "metaPageId", p.opt_in_mode as "optInMode", p.basis,
       p.notice_version as "noticeVersion", (select count(*)::int from notice n where n.page_id = p.id) as wordings
      from page p where p.id > $1 order by p.id limit $2`,
    [after, limit],
  );

export interface Wording {
  readonly version: number;
  readonly language: string;
  readonly surface: string;
  readonly sha256: string;
}

/** Whether a Page of the account has exactly this wording. */
export async function hasWording(
  sql: Sql,
  { accountId, metaPageId }: Pick<AuditedPage, 'metaPageId'> & { readonly accountId: RowId | null },
  { version, language, surface, sha256 }: Wording,
): Promise<boolean> {
  const row = await sql.first(
    `select from notice n join page p on p.id = n.page_id
      where p.account_id = $1 and p.meta_page_id = $2 and n.version = $3::bigint and n.language = $4 and n.surface = $5
        and encode(n.sha256, 'hex') = $6`,
    [accountId, metaPageId, version, language, surface, sha256],
  );
  return row !== undefined;
}

/** Wordings of a Page that is not stored. */
export const readUnownedWordings = (sql: Sql): Promise<unknown[]> =>
  sql.rows('select from notice n where not exists (select from page p where p.id = n.page_id) limit 100');

export interface AnnouncedRow {
  readonly fact: string;
  readonly entryId: string;
}

/** Announcements by what they announce; `after` is one's `fact`. */
export const readAnnounced = (sql: Sql, after: string | null, limit: number): Promise<AnnouncedRow[]> =>
  sql.rows(
    `select encode(fact_sha256, 'hex') as fact, entry_id as "entryId" from ledger_announced
      where $1::text is null or fact_sha256 > decode($1, 'hex') order by fact_sha256 limit $2`,
    [after, limit],
  );
