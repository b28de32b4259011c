import { UserError, type FieldError } from '../../kernel/errors';

export type BackupErrorCode =
  | 'backup_not_found'
  | 'backup_not_ready'
  | 'backup_gone'
  | 'validation_failed'
  | 'passphrase_wrong'
  | 'archive_unreadable'
  | 'import_not_found';

export const backupNotFound = (): UserError<BackupErrorCode> =>
  new UserError('backup_not_found', 'the account has no backup with this id');

export const backupNotReady = (): UserError<BackupErrorCode> =>
  new UserError('backup_not_ready', 'the archive is still being made');

export const backupGone = (): UserError<BackupErrorCode> =>
  new UserError('backup_gone', 'the archive is deleted: ask for a new one');

export const archiveUnreadable = (message: string): UserError<BackupErrorCode> =>
  new UserError('archive_unreadable', message);

export const passphraseUnfit = (faults: readonly FieldError[]): UserError<BackupErrorCode> =>
  new UserError('validation_failed', 'the passphrase does not fit', faults);

export const importNotFound = (): UserError<BackupErrorCode> =>
  new UserError('import_not_found', 'nothing was imported into the account');
