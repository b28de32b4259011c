import type { KeyRing } from '../keyring.types';
import type { Sql } from '../sql.types';
import { forgetWrappedAccountKeys, readWrappedAccountKeys } from './account.store';

/**
 * Moves the keys of accounts, which release 0.1.0 kept in the database under one shared key, into the key ring, and destroys
 * the shared one: from then on an account that is deleted is noise in every copy of the database. Repeating it changes nothing.
 */
export async function moveAccountKeys(sql: Sql, keyRing: KeyRing): Promise<void> {
  const wrapped = await readWrappedAccountKeys(sql);
  if (wrapped.length > 0) {
    await keyRing.takeInAccountKeys(wrapped);
    await forgetWrappedAccountKeys(
      sql,
      wrapped.map(({ uuid }) => uuid),
    );
  }
  await keyRing.retireSharedAccountKey();
}
