import type { KeyRing } from '../keyring.types';
import { readHead, readSignedCheckpoint, type CheckpointCopy } from '../ledger';
import type { Sql } from '../sql.types';
import { databaseSetBack, restoreUnfinished } from './restore.errors';
import { findInstallation, readEndingPages } from './restore.store';
import { pageOfRing } from './rings.rules';

export interface ServableDeps {
  readonly db: Sql;
  readonly keyRing: KeyRing;
  readonly checkpointCopy: CheckpointCopy;
}

/**
 * Refuses a database that was set back: people who were erased since would be in it again, and messages that were sent would be sent again.
 *
 * @throws {OperationalError} `database_set_back`, `restore_unfinished`
 */
export async function requireServable(deps: ServableDeps): Promise<void> {
  const installation = await findInstallation(deps.db);
  if (installation === undefined) return;
  if (installation.restoringAt !== null) throw restoreUnfinished();
  if (await isBehind(deps, installation.origin)) throw databaseSetBack();
  const check = await deps.keyRing.verifyAgainstRegistry();
  if (check.ok) return;
  const ending = new Set(await readEndingPages(deps.db));
  if (check.rings.some((ring) => !ending.has(pageOfRing(ring) ?? ''))) throw databaseSetBack();
}

/** A short look at whether a database that was fit to serve still is: it was not set back, and nobody is restoring it. */
export async function isServable(deps: ServableDeps): Promise<boolean> {
  const installation = await findInstallation(deps.db);
  if (installation === undefined) return true;
  return installation.restoringAt === null && !(await isBehind(deps, installation.origin));
}

/** The log here ends before the checkpoint that lies beside the key ring. */
async function isBehind({ db, keyRing, checkpointCopy }: ServableDeps, origin: string): Promise<boolean> {
  const note = await checkpointCopy.read();
  // Read after the copy, which is written after the commit that it tells of.
  const stored = (await readHead(db))?.size ?? 0;
  const signed = note === null ? 0 : (readSignedCheckpoint(keyRing, origin, note)?.size ?? 0);
  return signed > stored;
}
