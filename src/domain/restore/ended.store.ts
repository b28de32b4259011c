import type { RowId, Sql } from '../sql.types';

export interface EndedRow {
  readonly id: RowId;
  /** Null of an API key. */
  readonly leadUuid: string | null;
  readonly chainN: number;
  readonly keyUuid: string | null;
}

export const readEnded = (sql: Sql, limit: number): Promise<EndedRow[]> =>
  sql.rows(
    `select e.id, l.public_id as "leadUuid", coalesce(e.chain_n, 0) as "chainN", k.public_id as "keyUuid"
      from ended e left join lead l on l.id = e.lead_id left join api_key k on k.id = e.api_key_id order by e.id limit $1`,
    [limit],
  );

export const forgetEnded = (sql: Sql, ids: readonly RowId[]): Promise<number> =>
  sql.run('delete from ended where id = any($1::bigint[])', [ids]);

export interface SubscribedRow {
  readonly id: RowId;
  readonly uuid: string;
  readonly chainN: number;
}

/** People who have not left, in the order of their rows. */
export const readSubscribed = (sql: Sql, after: RowId, limit: number): Promise<SubscribedRow[]> =>
  sql.rows(
    `select id, public_id as uuid, chain_n as "chainN" from lead
      where id > $1 and status not in ('unsubscribed', 'erasing') order by id limit $2`,
    [after, limit],
  );

export const readLiveKeys = (sql: Sql): Promise<{ readonly id: RowId; readonly uuid: string }[]> =>
  sql.rows('select id, public_id as uuid from api_key where revoked_at is null order by id');

export const revokeKeys = (sql: Sql, ids: readonly RowId[], at: Date): Promise<number> =>
  sql.run('update api_key set revoked_at = $2 where id = any($1::bigint[]) and revoked_at is null', [ids, at]);
