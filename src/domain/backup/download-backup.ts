import { recordAudit, type AuditDeps } from '../accounts';
import { OperationalError } from '../../kernel/errors';
import type { Database, RowId } from '../sql.types';
import { backupGone, backupNotFound, backupNotReady } from './backup.errors';
import { fileName, findOwnBackup, findReady, recordDownloaded } from './backup.store';
import type { ArchiveFiles } from './backup.types';

export interface DownloadBackupDeps extends AuditDeps {
  readonly db: Database;
  readonly files: ArchiveFiles;
}

export interface DownloadedBackup {
  readonly bytes: number;
  readonly stream: AsyncGenerator<Buffer>;
}

/**
 * The archive as a stream. That it was downloaded is recorded when its last byte was taken.
 *
 * @throws {UserError} `backup_not_found`, `backup_not_ready`, `backup_gone`, before the first byte
 */
export const makeDownloadBackup =
  (deps: DownloadBackupDeps) =>
  async (accountId: RowId, uuid: string): Promise<DownloadedBackup> => {
    const view = await findOwnBackup(deps.db, accountId, uuid);
    if (view === undefined) throw backupNotFound();
    if (view.state === 'waiting' || view.state === 'making') throw backupNotReady();
    const ready = await findReady(deps.db, accountId, uuid);
    const found = ready === undefined ? null : await deps.files.read(fileName({ uuid, ...ready }));
    if (found === null) throw backupGone();
    return { bytes: found.bytes, stream: handedOut(deps, { accountId, uuid }, found.stream) };
  };

async function* handedOut(
  deps: DownloadBackupDeps,
  { accountId, uuid }: { readonly accountId: RowId; readonly uuid: string },
  parts: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  for await (const part of parts) {
    // Somebody in it may have been erased since the part before, however slowly that was taken.
    if ((await findReady(deps.db, accountId, uuid)) === undefined)
      throw new OperationalError('backup_withdrawn', 'the archive was withdrawn while it was downloaded');
    yield part;
  }
  await deps.db.transaction(async (tx) => {
    await recordDownloaded(tx, accountId, uuid, deps.clock.now());
    await recordAudit(tx, deps, { accountId, kind: 'backup.downloaded', detail: { backup: uuid } });
  });
}
