import { unwrapKey } from '../../kernel/crypto/key-wrap';
import { systemClock } from '../../kernel/clock';
import type { KeyRing } from '../keyring.types';
import type { RowId, Sql } from '../sql.types';
import { readAccountKey } from './account.store';
import { accountNotFound } from './accounts.errors';

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
 */
export async function accountKey(sql: Sql, keyRing: KeyRing, accountId: RowId): Promise<Buffer> {
  const cache = caches.get(keyRing) ?? new Map<RowId, CachedKey>();
  caches.set(keyRing, cache);
  const nowMs = systemClock.monotonicMs();
  const cached = cache.get(accountId);
  if (cached !== undefined && nowMs < cached.staleAtMs) return cached.key;
  cache.delete(accountId);
  const row = await readAccountKey(sql, accountId);
  if (row === undefined) throw accountNotFound();
  const key = unwrapKey(keyRing.systemKey('account'), row.dekWrapped);
  if (cache.size >= CACHED_ACCOUNTS) cache.clear();
  cache.set(accountId, { key, staleAtMs: nowMs + CACHED_MS });
  return key;
}
