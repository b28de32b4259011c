import type { KeyRing } from '../keyring.types';
import type { RowId, Sql } from '../sql.types';
import { findAccountUuid } from './account.store';
import { accountKeyGone, accountNotFound } from './accounts.errors';

/**
 * The key of one account's own fields; 32 bytes, not to be kept by the caller.
 *
 * @throws {UserError} `account_not_found`
 * @throws {InvariantError} `account_key_gone`
 */
export async function accountKey(sql: Sql, keyRing: KeyRing, accountId: RowId): Promise<Buffer> {
  const key = await accountKeyOrNull(sql, keyRing, accountId);
  if (key === null) throw accountKeyGone();
  return key;
}

/** The same; null when it is lost. @throws {UserError} `account_not_found` */
export async function accountKeyOrNull(sql: Sql, keyRing: KeyRing, accountId: RowId): Promise<Buffer | null> {
  const uuid = await findAccountUuid(sql, accountId);
  if (uuid === null) throw accountNotFound();
  return keyRing.accountKey(uuid) ?? (await readAgain(keyRing, uuid));
}

/** Another process may have made the account since the keys in memory were read. */
async function readAgain(keyRing: KeyRing, uuid: string): Promise<Buffer | null> {
  await keyRing.refreshSystemKeys();
  return keyRing.accountKey(uuid);
}
