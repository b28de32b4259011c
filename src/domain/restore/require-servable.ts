import type { KeyRing } from '../keyring.types';
import { readHead, readSignedCheckpoint, type CheckpointCopy } from '../ledger';
import type { Sql } from '../sql.types';
import { databaseSetBack, restoreUnfinished } from './restore.errors';
import { findInstallation, readEndingPages } from './restore.store';
import { pageOfRing } from './rings.rules';

export interface RequireServableDeps {
  readonly db: Sql;
  readonly keyRing: KeyRing;
  readonly checkpointCopy: CheckpointCopy;
}

/**
 * Refuses a database that was set back: people who were erased since would be in it again, and messages that were sent would be sent again.
 *
 * @throws {OperationalError} `database_set_back`, `restore_unfinished`
 */
export async function requireServable({ db, keyRing, checkpointCopy }: RequireServableDeps): Promise<void> {
  const installation = await findInstallation(db);
  if (installation === undefined) return;
  if (installation.restoringAt !== null) throw restoreUnfinished();
  const note = await checkpointCopy.read();
  // Read after the copy, which is written after the commit that it tells of.
  const stored = (await readHead(db))?.size ?? 0;
  const signed = note === null ? 0 : (readSignedCheckpoint(keyRing, installation.origin, note)?.size ?? 0);
  if (signed > stored) throw databaseSetBack();
  const check = await keyRing.verifyAgainstRegistry();
  if (check.ok) return;
  const ending = new Set(await readEndingPages(db));
  if (check.rings.some((ring) => !ending.has(pageOfRing(ring) ?? ''))) throw databaseSetBack();
}
