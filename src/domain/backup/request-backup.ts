import { recordAudit, type AuditDeps } from '../accounts';
import { ageHead } from '../../kernel/crypto/age';
import { sealField, type FieldPlace } from '../../kernel/crypto/field-cipher';
import { InvariantError } from '../../kernel/errors';
import type { JobQueue } from '../../jobs';
import { dayOf } from '../day-key';
import type { Database, RowId } from '../sql.types';
import { backupNotFound, passphraseUnfit } from './backup.errors';
import { findOwnBackup, insertBackup, listOwnBackups } from './backup.store';
import type { BackupView } from './backup.types';
import { passphraseFaults } from './passphrase.rules';

const DAY_MS = 86_400_000;
/** So long an archive may take to be made and to be fetched. */
const KEPT_MS = DAY_MS;
const MOST_LISTED = 100;

export const fileKeyPlace = (uuid: string): FieldPlace => ({
  table: 'account_backup',
  column: 'file_key_ct',
  row: uuid,
});

export interface RequestBackupDeps extends AuditDeps {
  readonly db: Database;
  readonly queue: JobQueue;
  /** Logarithm of what a guess at the passphrase costs; that of the age program, unless told. */
  readonly scryptLogN?: number | undefined;
}

export interface RequestBackupInput {
  readonly accountId: RowId;
  readonly passphrase: string;
  /** The public id to make it under: the same when a call that died is repeated. */
  readonly uuid: string;
}

/**
 * Asks for an archive of the account. The passphrase makes the head of the file now and is kept nowhere; the key of the file lies sealed
 * under the key of the day until the archive is made. Takes the place of an earlier archive.
 *
 * @throws {UserError} `validation_failed`
 */
export const makeRequestBackup =
  (deps: RequestBackupDeps) =>
  async ({ accountId, passphrase, uuid }: RequestBackupInput): Promise<BackupView> => {
    const faults = passphraseFaults(passphrase);
    if (faults.length > 0) throw passphraseUnfit(faults);
    const { header, fileKey } = await ageHead(passphrase, deps.scryptLogN);
    const requestedAt = deps.clock.now();
    const keyDay = dayOf(requestedAt);
    const fileKeyCt = sealField(await deps.keyRing.inboxKey(keyDay), fileKeyPlace(uuid), fileKey);
    const expiresAt = new Date(requestedAt.getTime() + KEPT_MS);
    await deps.db.transaction(async (tx) => {
      await insertBackup(tx, { uuid, accountId, keyDay, header, fileKeyCt, requestedAt, expiresAt });
      await recordAudit(tx, deps, { accountId, kind: 'backup.requested', detail: { backup: uuid } });
    });
    await deps.queue.enqueue({ name: 'make-backup', backupId: uuid, generation: 0 });
    const made = await findOwnBackup(deps.db, accountId, uuid);
    if (made === undefined) throw new InvariantError('backup_lost', 'an archive that was asked for is gone');
    return made;
  };

/** @throws {UserError} `backup_not_found`, also for one of another account */
export const makeGetBackup =
  ({ db }: { readonly db: Database }) =>
  async (accountId: RowId, uuid: string): Promise<BackupView> => {
    const found = await findOwnBackup(db, accountId, uuid);
    if (found === undefined) throw backupNotFound();
    return found;
  };

/** Those of the last 30 days, newest first. */
export const makeListBackups =
  ({ db }: { readonly db: Database }) =>
  (accountId: RowId): Promise<BackupView[]> =>
    listOwnBackups(db, accountId, MOST_LISTED);
