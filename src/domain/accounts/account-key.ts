import { systemClock } from '../../kernel/clock';
import type { KeyRing } from '../keyring.types';
import type { RowId, Sql } from '../sql.types';
import { findAccountUuid } from './account.store';
import { accountKeyGone, accountNotFound } from './accounts.errors';

/** An erased account stays readable to this process no longer than this. */
const CACHED_MS = 30_000;
const CACHED_ACCOUNTS = 1_000;

interface CachedKey {
  readonly key: Buffer;
  readonly staleAtMs: number;
}

const caches = new WeakMap<KeyRing, Map<RowId, CachedKey>>();

/**
 * The key of one account's own fields; 32 bytes, not to be kept by the caller.
 *
 * @throws {UserError} `account_not_found`
 * @throws {InvariantError} `account_key_gone`
 */
export async function accountKey(sql: Sql, keyRing: KeyRing, accountId: RowId): Promise<Buffer> {
  const cache = caches.get(keyRing) ?? new Map<RowId, CachedKey>();
  caches.set(keyRing, cache);
  const nowMs = systemClock.monotonicMs();
  const cached = cache.get(accountId);
  if (cached !== undefined && nowMs < cached.staleAtMs) return cached.key;
  cache.delete(accountId);
  const uuid = await findAccountUuid(sql, accountId);
  if (uuid === null) throw accountNotFound();
  const key = keyRing.accountKey(uuid) ?? (await readAgain(keyRing, uuid));
  if (cache.size >= CACHED_ACCOUNTS) cache.clear();
  cache.set(accountId, { key, staleAtMs: nowMs + CACHED_MS });
  return key;
}

/** Another process may have made the account since the keys in memory were read. */
async function readAgain(keyRing: KeyRing, uuid: string): Promise<Buffer> {
  await keyRing.refreshSystemKeys();
  const key = keyRing.accountKey(uuid);
  if (key === null) throw accountKeyGone();
  return key;
}
