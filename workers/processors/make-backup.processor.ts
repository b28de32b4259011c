import type { MakeBackupResult } from '../../src/domain/backup';
import { DONE, type Processor } from '../registry';

/** The others of the queue must not wait behind hours of archives: a process makes one at a time. */
const BUSY_DELAY_MS = 10_000;

export interface MakeBackupProcessorDeps {
  readonly makeBackup: (backupUuid: string, signal: AbortSignal) => Promise<MakeBackupResult>;
}

/** Makes the archive of an account. */
export function makeMakeBackupProcessor({ makeBackup }: MakeBackupProcessorDeps): Processor<'make-backup'> {
  let isBusy = false;
  return async ({ backupId }, signal) => {
    if (isBusy) return { kind: 'again', delayMs: BUSY_DELAY_MS };
    isBusy = true;
    try {
      await makeBackup(backupId, signal);
      return DONE;
    } finally {
      isBusy = false;
    }
  };
}
