import type { Clock } from '../../kernel/clock';
import { InvariantError } from '../../kernel/errors';
import type { Ids } from '../../kernel/ids';
import type { Database, RowId, Sql } from '../sql.types';
import { apiKeyNotFound, invalidAccountInput } from './accounts.errors';
import { UUID } from '../../kernel/uuid';
import { checkExpiry, checkScopes } from './accounts.rules';
import type { ApiKey, CreatedApiKey } from './accounts.types';
import { formatApiKey, prefixFrom, PREFIX_BYTES, SECRET_BYTES, secretHash } from './api-key.rules';
import { insertApiKey, listApiKeys, remakeApiKey, revokeApiKey } from './api-key.store';
import { requireAccount } from './subscription.store';

const PREFIX_DRAWS = 5;

export interface ApiKeyDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: Ids;
}

export interface CreateApiKeyInput {
  readonly accountId: RowId;
  readonly scopes: readonly string[];
  readonly expiresAt?: Date | null;
  /** Public id to make the key under, so that a repeated request makes no second one. */
  readonly uuid?: string;
}

/** Makes a key; its text is in the answer and nowhere else. @throws {UserError} `validation_failed`, `account_deleted` */
export function makeCreateApiKey(deps: ApiKeyDeps) {
  return (input: CreateApiKeyInput): Promise<CreatedApiKey> =>
    deps.db.transaction(async (tx) => {
      await requireAccount(tx, input.accountId);
      return addApiKey(tx, deps, input);
    });
}

/** The same inside a transaction of the caller. */
export async function addApiKey(
  sql: Sql,
  { clock, ids }: Pick<ApiKeyDeps, 'clock' | 'ids'>,
  input: CreateApiKeyInput,
): Promise<CreatedApiKey> {
  const now = clock.now();
  const expiresAt = input.expiresAt ?? null;
  const checked = checkScopes(input.scopes);
  const errors = [...(checked.ok ? [] : checked.errors), ...checkExpiry(expiresAt, now)];
  if (!checked.ok || errors.length > 0) throw invalidAccountInput(errors);

  const uuid = input.uuid ?? ids.uuid();
  const secret = ids.bytes(SECRET_BYTES).toString('base64url');
  for (let draw = 0; draw < PREFIX_DRAWS; draw += 1) {
    const prefix = prefixFrom(ids.bytes(PREFIX_BYTES));
    const row = {
      uuid,
      accountId: input.accountId,
      prefix,
      secretSha256: secretHash(secret),
      scopes: checked.scopes,
      createdAt: now,
      expiresAt,
    };
    const stored = (await insertApiKey(sql, row)) ?? (await remakeApiKey(sql, row));
    if (stored !== undefined) return { ...stored, key: formatApiKey({ prefix, secret }) };
  }
  throw new InvariantError('api_key_prefix_exhausted', 'no free API key prefix was drawn');
}

export interface ListApiKeysInput {
  readonly accountId: RowId;
  readonly limit: number;
  /** Public id of the last key of the page before. */
  readonly after?: string | null;
}

export interface ApiKeyList {
  readonly items: readonly ApiKey[];
  /** Pass as `after` to go on; null at the end. */
  readonly next: string | null;
}

export function makeListApiKeys({ db }: Pick<ApiKeyDeps, 'db'>) {
  return async ({ accountId, limit, after }: ListApiKeysInput): Promise<ApiKeyList> => {
    if (after != null && !UUID.test(after)) {
      throw invalidAccountInput([{ pointer: 'cursor', detail: 'is not one of ours' }]);
    }
    const found = await listApiKeys(db, accountId, after ?? null, limit + 1);
    const items = found.slice(0, limit);
    return { items, next: found.length > limit ? (items.at(-1)?.uuid ?? null) : null };
  };
}

export interface RevokeApiKeyInput {
  readonly accountId: RowId;
  readonly apiKeyUuid: string;
}

/** Ends a key from this moment; doing it twice changes nothing. @throws {UserError} `api_key_not_found` */
export function makeRevokeApiKey({ db, clock }: Pick<ApiKeyDeps, 'db' | 'clock'>) {
  return async ({ accountId, apiKeyUuid }: RevokeApiKeyInput): Promise<ApiKey> => {
    const revoked = UUID.test(apiKeyUuid) ? await revokeApiKey(db, accountId, apiKeyUuid, clock.now()) : undefined;
    if (revoked === undefined) throw apiKeyNotFound();
    return revoked;
  };
}
