import type { Clock } from '../../kernel/clock';
import type { JobQueue } from '../../jobs';
import type { Database } from '../sql.types';
import { expireBackups, listIdle, liveFiles } from './backup.store';
import type { ArchiveFiles } from './backup.types';
import { SILENT_MS } from './make-backup';

/** A job has this long before it is asked for again. Asking twice costs a job that finds nothing to do. */
const PATIENCE_MS = 5_000;
const RECORD_KEPT_MS = 30 * 86_400_000;

export interface SweepBackupsDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly queue: JobQueue;
  readonly files: ArchiveFiles;
}

/** Asks again for archives that wait or whose maker is dead. @returns how many */
export const makeRequeueBackups =
  ({ db, clock, queue }: Omit<SweepBackupsDeps, 'files'>) =>
  async (): Promise<number> => {
    const now = clock.now().getTime();
    const idle = await listIdle(db, {
      silentSince: new Date(now - SILENT_MS),
      askedBefore: new Date(now - PATIENCE_MS),
    });
    for (const { uuid, generation } of idle) await queue.enqueue({ name: 'make-backup', backupId: uuid, generation });
    return idle.length;
  };

/**
 * Deletes every file that no archive of now is: of what was withdrawn, replaced or expired, of accounts that are gone, and what dead
 * makers left. Whoever erases a person runs it after the erasure was written down and before the person's rows go.
 *
 * @returns how many
 */
export const makeDropBackupFiles =
  ({ db, files }: Pick<SweepBackupsDeps, 'db' | 'files'>) =>
  async (): Promise<number> => {
    // The files first: an archive that is claimed in between makes a file that was not listed.
    const found = await files.list();
    if (found.length === 0) return 0;
    const live = new Set(await liveFiles(db));
    const left = found.filter((name) => !live.has(name));
    for (const name of left) await files.remove(name);
    return left.length;
  };

/** Ends archives after their day, and forgets records after 30 days. @returns how many */
export const makeExpireBackups =
  ({ db, clock }: Pick<SweepBackupsDeps, 'db' | 'clock'>) =>
  (): Promise<number> => {
    const now = clock.now();
    return expireBackups(db, now, new Date(now.getTime() - RECORD_KEPT_MS));
  };
