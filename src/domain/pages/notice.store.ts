import type { RowId, Sql, Tx } from '../sql.types';
import { languagesToTry, noticeBody, noticeSha256, noticeText, NOTICE_SURFACE } from './notice.rules';
import type { Notice } from './pages.types';

/** The notice a person who speaks `language` is shown now; English when there is no better one. */
export const noticeInForce = (sql: Sql, pageId: RowId, language: string): Promise<Notice | undefined> =>
  sql.first<Notice>(
    `select n.version, n.language, n.surface, n.body, n.sha256
       from page p join notice n on n.page_id = p.id and n.version = p.notice_version
      where p.id = $1 and n.language = any($2::text[])
      order by array_position($2::text[], n.language) limit 1`,
    [pageId, languagesToTry(language)],
  );

/** The wording of an earlier version, as it was shown then. */
export const noticeOfVersion = (
  sql: Sql,
  pageId: RowId,
  version: number,
  language: string,
): Promise<Notice | undefined> =>
  sql.first<Notice>(
    `select n.version, n.language, n.surface, n.body, n.sha256 from notice n
      where n.page_id = $1 and n.version = $2 and n.language = any($3::text[])
      order by array_position($3::text[], n.language) limit 1`,
    [pageId, version, languagesToTry(language)],
  );

/** The wordings with these hashes (hex) that a Page has had. */
export async function readNoticeBodies(
  sql: Sql,
  pageId: RowId,
  sha256s: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await sql.rows<{ sha256: Buffer; body: string }>(
    `select sha256, body from notice where page_id = $1 and sha256 = any($2::bytea[])
     union select sha256, body from returned_notice where page_id = $1 and sha256 = any($2::bytea[])`,
    [pageId, [...new Set(sha256s)].map((hex) => Buffer.from(hex, 'hex'))],
  );
  return new Map(rows.map(({ sha256, body }) => [sha256.toString('hex'), body]));
}

/** All languages of the notice in force. */
export const noticesInForce = (sql: Sql, pageId: RowId): Promise<Notice[]> =>
  sql.rows<Notice>(
    `select n.version, n.language, n.surface, n.body, n.sha256
       from page p join notice n on n.page_id = p.id and n.version = p.notice_version
      where p.id = $1 order by n.language`,
    [pageId],
  );

/** The editable parts of the notice in force, by language. */
export async function noticeTexts(sql: Sql, pageId: RowId, pageName: string): Promise<Map<string, string>> {
  const notices = await noticesInForce(sql, pageId);
  return new Map(notices.map(({ language, body }) => [language, noticeText(language, pageName, body)]));
}

/** Writes every language under the next version and puts it in force. Needs the Page's row lock. */
export async function writeNextNotice(
  tx: Tx,
  pageId: RowId,
  pageName: string,
  texts: ReadonlyMap<string, string>,
  at: Date,
): Promise<readonly Notice[]> {
  const row = await tx.first<{ version: number }>(
    'update page set notice_version = notice_version + 1 where id = $1 returning notice_version as version',
    [pageId],
  );
  const version = row?.version ?? 1;
  const notices = [...texts].map(([language, text]): Notice => {
    const body = noticeBody(language, pageName, text);
    return { version, language, surface: NOTICE_SURFACE, body, sha256: noticeSha256(body) };
  });
  for (const notice of notices) {
    await tx.run(
      `insert into notice (page_id, version, language, surface, body, sha256, created_at)
       values ($1, $2, $3, $4, $5, $6, $7)`,
      [pageId, version, notice.language, notice.surface, notice.body, notice.sha256, at],
    );
  }
  return notices;
}
