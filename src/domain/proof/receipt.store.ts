import type { RowId, Sql } from '../sql.types';

/** The wordings with these hashes (hex) that a Page has had. */
export async function readNoticeBodies(
  sql: Sql,
  pageId: RowId,
  sha256s: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await sql.rows<{ sha256: Buffer; body: string }>(
    'select sha256, body from notice where page_id = $1 and sha256 = any($2::bytea[])',
    [pageId, [...new Set(sha256s)].map((hex) => Buffer.from(hex, 'hex'))],
  );
  return new Map(rows.map(({ sha256, body }) => [sha256.toString('hex'), body]));
}
