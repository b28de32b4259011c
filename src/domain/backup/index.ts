export type { ContentDeps } from './archive-content';
export type { BackupErrorCode } from './backup.errors';
export type { ArchiveFiles, BackupState, BackupView } from './backup.types';
export { makeDownloadBackup, type DownloadedBackup } from './download-backup';
export { makeImportBackup, type ImportBackupDeps, type ImportedBackup } from './import-backup';
export { makeMakeBackup, type MakeBackupDeps, type MakeBackupResult } from './make-backup';
export { LEAST_PASSPHRASE_CHARACTERS, MOST_PASSPHRASE_CHARACTERS } from './passphrase.rules';
export { makeGetBackup, makeListBackups, makeRequestBackup } from './request-backup';
export { makeDropBackupFiles, makeExpireBackups, makeRequeueBackups } from './sweep-backups';
