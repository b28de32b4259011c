import { createHash, type Hash } from 'node:crypto';
import type { Clock } from '../../kernel/clock';
import { ageEncrypt, type AgeHead } from '../../kernel/crypto/age';
import { openField } from '../../kernel/crypto/field-cipher';
import { OperationalError } from '../../kernel/errors';
import type { Log } from '../../kernel/log';
import { dayKeyOrNull } from '../day-key';
import type { KeyRing } from '../keyring.types';
import { filesOf, type ContentDeps } from './archive-content';
import { beat, claimBackup, failBackup, fileName, finishBackup } from './backup.store';
import type { ArchiveFiles, ClaimedBackup } from './backup.types';
import { fileKeyPlace } from './request-backup';
import { tarOf } from './tar';

/** Whoever makes an archive gives a sign at every file of it; who is silent for so long is dead. */
export const SILENT_MS = 120_000;

export interface MakeBackupDeps extends ContentDeps {
  readonly keyRing: KeyRing;
  readonly clock: Clock;
  readonly log: Log;
  readonly files: ArchiveFiles;
}

export type MakeBackupResult = 'made' | 'nothing_to_do' | 'superseded' | 'failed';

class Superseded extends OperationalError<'backup_superseded'> {
  constructor() {
    super('backup_superseded', 'the archive is made by somebody else, or is not to be made any more');
  }
}

/**
 * Makes an archive that was asked for. Killed at any moment it is made anew, into another file: only the file of the generation that
 * ends is ever handed out. When somebody of the account is erased meanwhile, this one ends too, and another begins without them.
 *
 * @param signal ends it; it is made anew then
 */
export const makeMakeBackup =
  (deps: MakeBackupDeps) =>
  async (backupUuid: string, signal?: AbortSignal): Promise<MakeBackupResult> => {
    const now = deps.clock.now();
    const silentSince = new Date(now.getTime() - SILENT_MS);
    const claimed = await claimBackup(deps.db, backupUuid, { now, silentSince });
    if (claimed === undefined) return 'nothing_to_do';
    const head = await openHead(deps, claimed);
    if (head === null) {
      await failBackup(deps.db, claimed);
      return 'failed';
    }
    try {
      return await writeArchive(deps, { claimed, head, madeAt: now, signal });
    } catch (error) {
      if (error instanceof Superseded) return 'superseded';
      throw error;
    }
  };

/** null when the key of the day is destroyed: then nobody can make this archive any more. */
async function openHead({ keyRing }: MakeBackupDeps, claimed: ClaimedBackup): Promise<AgeHead | null> {
  const dayKey = await dayKeyOrNull(keyRing, claimed.keyDay);
  if (dayKey === null) return null;
  return { header: claimed.header, fileKey: openField(dayKey, fileKeyPlace(claimed.uuid), claimed.fileKeyCt) };
}

interface Making {
  readonly claimed: ClaimedBackup;
  readonly head: AgeHead;
  readonly madeAt: Date;
  readonly signal: AbortSignal | undefined;
}

async function writeArchive(deps: MakeBackupDeps, making: Making): Promise<MakeBackupResult> {
  const { db, clock, files } = deps;
  const { claimed, head, madeAt, signal } = making;
  const meter = { bytes: 0, leads: 0, hash: createHash('sha256') };
  const onProgress = async (leads: number): Promise<void> => {
    meter.leads = leads;
    const isOurs = signal?.aborted !== true && (await beat(db, claimed, clock.now(), meter)) === 1;
    if (!isOurs) throw new Superseded();
  };
  const content = filesOf(deps, { accountId: claimed.accountId, madeAt, onProgress });
  const name = fileName(claimed);
  await files.write(name, metered(meter, ageEncrypt(head, tarOf(content, madeAt))));
  const made = { leads: meter.leads, bytes: meter.bytes, sha256: meter.hash.digest(), at: clock.now() };
  if ((await finishBackup(db, claimed, made)) === 0) {
    await files.remove(name);
    return 'superseded';
  }
  deps.log.event('backup.made', { bytes: meter.bytes, count: meter.leads });
  return 'made';
}

async function* metered(
  meter: { bytes: number; readonly hash: Hash },
  parts: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  for await (const part of parts) {
    meter.bytes += part.length;
    meter.hash.update(part);
    yield part;
  }
}
