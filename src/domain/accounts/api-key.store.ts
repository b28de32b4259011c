import type { RowId, Sql } from '../sql.types';
import type { ApiKey, Scope } from './accounts.types';

const SHOWN = `k.public_id as uuid, k.prefix, k.scopes, k.created_at as "createdAt", k.expires_at as "expiresAt",
  k.revoked_at as "revokedAt", k.last_used_at as "lastUsedAt"`;

export interface NewApiKey {
  readonly uuid: string;
  readonly accountId: RowId;
  readonly prefix: string;
  readonly secretSha256: Buffer;
  readonly scopes: readonly Scope[];
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
}

/** @returns undefined when the prefix or the public id is taken */
export const insertApiKey = (sql: Sql, key: NewApiKey): Promise<ApiKey | undefined> =>
  sql.first<ApiKey>(
    `insert into api_key as k (public_id, account_id, prefix, secret_sha256, scopes, created_at, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict do nothing
     returning ${SHOWN}`,
    [key.uuid, key.accountId, key.prefix, key.secretSha256, key.scopes, key.createdAt, key.expiresAt],
  );

/**
 * Gives a key that nobody has used yet another secret: its making was cut off before the secret was shown, and the
 * caller asks again under the same id.
 */
export const remakeApiKey = (sql: Sql, key: NewApiKey): Promise<ApiKey | undefined> =>
  sql.first<ApiKey>(
    `update api_key k set prefix = $3, secret_sha256 = $4, scopes = $5, expires_at = $6
      where k.public_id = $1 and k.account_id = $2 and k.last_used_at is null and k.revoked_at is null
        and not exists (select from api_key where prefix = $3)
     returning ${SHOWN}`,
    [key.uuid, key.accountId, key.prefix, key.secretSha256, key.scopes, key.expiresAt],
  );

export interface StoredApiKey extends ApiKey {
  readonly id: RowId;
  readonly accountId: RowId;
  readonly accountUuid: string;
  readonly secretSha256: Buffer;
}

export const findApiKey = (sql: Sql, prefix: string): Promise<StoredApiKey | undefined> =>
  sql.first<StoredApiKey>(
    `select k.id, k.account_id as "accountId", a.public_id as "accountUuid", k.secret_sha256 as "secretSha256", ${SHOWN}
       from api_key k join account a on a.id = k.account_id
      where k.prefix = $1`,
    [prefix],
  );

export const touchApiKey = (sql: Sql, id: RowId, usedAt: Date): Promise<number> =>
  sql.run('update api_key set last_used_at = $2 where id = $1', [id, usedAt]);

export const listApiKeys = (sql: Sql, accountId: RowId, after: string | null, limit: number): Promise<ApiKey[]> =>
  sql.rows<ApiKey>(
    `select ${SHOWN} from api_key k
      where k.account_id = $1
        and k.id > coalesce((select id from api_key where public_id = $2::uuid and account_id = $1), 0)
      order by k.id limit $3`,
    [accountId, after, limit],
  );

/** @returns the key, also when it had been revoked before; undefined when the account has no such key */
export const revokeApiKey = (sql: Sql, accountId: RowId, uuid: string, at: Date): Promise<ApiKey | undefined> =>
  sql.first<ApiKey>(
    `with ending as (
       insert into ended (api_key_id) select id from api_key
        where account_id = $1 and public_id = $2 and revoked_at is null
     ) update api_key k set revoked_at = coalesce(k.revoked_at, $3)
      where k.account_id = $1 and k.public_id = $2
     returning ${SHOWN}`,
    [accountId, uuid, at],
  );
