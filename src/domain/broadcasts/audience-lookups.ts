import type { KeyRing } from '../keyring.types';
import { findTagIds, refIndex } from '../leads';
import { withPageRing } from '../pages';
import type { Database } from '../sql.types';
import type { AccountKey, AudienceLookups } from './broadcast.types';

export interface AudienceLookupDeps {
  readonly db: Database;
  readonly keyRing: KeyRing;
  readonly accountKey: AccountKey;
}

/** How tags and referrals are found by what the caller calls them. Never inside a transaction: the key ring may wait. */
export const makeAudienceLookups = (deps: AudienceLookupDeps): AudienceLookups => ({
  tagIds: (sql, accountId, names) => findTagIds(sql, deps, accountId, names),
  refIndex: (pageUuid, ref) => withPageRing(deps.keyRing, pageUuid, () => refIndex(deps.keyRing, pageUuid, ref)),
});
