import type { Sql } from '../sql.types';

export type MetaRequestKind = 'deletion' | 'deauthorisation';

export interface MetaRequest {
  readonly code: string;
  readonly kind: MetaRequestKind;
  /** `open` while something is left to do. */
  readonly state: 'open' | 'done';
  readonly receivedAt: Date;
}

/** Asked again, nothing changes. */
export const insertMetaRequest = (sql: Sql, request: MetaRequest & { readonly expiresAt: Date }): Promise<number> =>
  sql.run(
    `insert into meta_request (code, kind, state, received_at, expires_at) values ($1, $2, $3, $4, $5)
     on conflict on constraint meta_request_pkey do nothing`,
    [request.code, request.kind, request.state, request.receivedAt, request.expiresAt],
  );

export const findDeletion = (sql: Sql, code: string): Promise<MetaRequest | undefined> =>
  sql.first(
    `select code, kind, state, received_at as "receivedAt" from meta_request where code = $1 and kind = 'deletion'`,
    [code],
  );

export async function readOpen(sql: Sql, limit: number): Promise<string[]> {
  const rows = await sql.rows<{ code: string }>(
    `select code from meta_request where state = 'open' order by received_at limit $1`,
    [limit],
  );
  return rows.map(({ code }) => code);
}

export const markDone = (sql: Sql, codes: readonly string[]): Promise<number> =>
  sql.run(`update meta_request set state = 'done' where code = any($1::text[]) and state = 'open'`, [codes]);

export const deleteExpired = (sql: Sql, now: Date): Promise<number> =>
  sql.run('delete from meta_request where expires_at <= $1', [now]);
