import type { Clock } from '../../kernel/clock';
import type { Database } from '../sql.types';
import type { Principal } from './accounts.types';
import { findApiKey, touchApiKey, type StoredApiKey } from './api-key.store';
import { parseApiKey, secretMatches } from './api-key.rules';

const LAST_USED_RESOLUTION_MS = 60_000;
const NOBODYS_HASH = Buffer.alloc(32);

export interface AuthenticateDeps {
  readonly db: Database;
  readonly clock: Clock;
}

/**
 * Tells who holds a key.
 *
 * @returns null for every key that does not open anything, without a reason: unknown, wrong, expired and revoked look alike
 */
export function makeAuthenticate({ db, clock }: AuthenticateDeps) {
  return async (rawKey: string): Promise<Principal | null> => {
    const text = parseApiKey(rawKey);
    if (text === null) return null;
    const stored = await findApiKey(db, text.prefix);
    const now = clock.now();
    const matches = secretMatches(text.secret, stored?.secretSha256 ?? NOBODYS_HASH);
    if (stored === undefined || !matches || !isUsable(stored, now)) return null;
    if (stored.lastUsedAt === null || now.getTime() - stored.lastUsedAt.getTime() >= LAST_USED_RESOLUTION_MS) {
      await touchApiKey(db, stored.id, now);
    }
    return {
      accountId: stored.accountId,
      accountUuid: stored.accountUuid,
      scopes: stored.scopes,
      apiKeyUuid: stored.uuid,
    };
  };
}

const isUsable = (key: StoredApiKey, now: Date): boolean =>
  key.revokedAt === null && (key.expiresAt === null || key.expiresAt.getTime() > now.getTime());
