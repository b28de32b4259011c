import type { Infrastructure } from '../compose/infrastructure';
import { logOrigin } from '../compose/installation';
import { makeRotateLogKey, type LogKeyRotation } from '../domain/consent';
import type { KeyRingCopy } from '../domain/keyring.types';
import { makeOpenEveryPage, type OpenedPages } from '../domain/leads';
import { errnoOf, UserError } from '../kernel/errors';
import { examineKeyRingCopy } from '../compose/key-ring-copy';
import { inDirectoryOf } from '../platform/directories';
import { postgresRingRegistry, readKeyRing } from '../platform/keyring';
import type { Command } from './commands';

const noCopy = (): UserError =>
  new UserError('no_key_ring_copy', 'KEYRING_COPY_DIR names no directory: there is no second copy of the key ring');

const emptyCopy = (): UserError =>
  new UserError(
    'key_ring_copy_empty',
    'there is no copy to open: the directory of KEYRING_COPY_DIR is missing or holds no key ring. Mount its volume, or make the copy with keys copy',
  );

/** What `assent keys …` is told. */
type KeysCommand = Extract<Command, { kind: `keys-${string}` }>;

export const isKeysCommand = (command: Command): command is KeysCommand => command.kind.startsWith('keys-');

/** Carries out one of the commands about the key ring. */
export async function handleKeys(
  { kind }: KeysCommand,
  infrastructure: Infrastructure,
  say: (text: string) => void,
): Promise<object> {
  if (kind === 'keys-reseal') return { resealed: await infrastructure.keyRing.reseal() };
  if (kind === 'keys-copy') return { changed: await requiredCopy(infrastructure).update() };
  if (kind === 'keys-rotate-log') return rotateLog(infrastructure, say);
  return drill(infrastructure, say);
}

/** @throws {UserError} `log_key_rotating` */
async function rotateLog(infrastructure: Infrastructure, say: (text: string) => void): Promise<LogKeyRotation> {
  const rotation = await makeRotateLogKey({ ...infrastructure, logOrigin: await logOrigin(infrastructure) })();
  say('The log has a new key. Both sign for 30 days: give the new one to auditors and witnesses by then.');
  // Last, for it can be repeated by itself: the new key must not lie in one place only.
  await infrastructure.keyRingCopy?.update();
  return rotation;
}

/** @throws {UserError} `no_key_ring_copy` */
function requiredCopy({ keyRingCopy }: Infrastructure): KeyRingCopy {
  if (keyRingCopy === null) throw noCopy();
  return keyRingCopy;
}

async function holdsNoRing(infrastructure: Infrastructure): Promise<boolean> {
  const found = await examineKeyRingCopy(infrastructure).catch((error: unknown) => {
    if (error instanceof UserError && errnoOf(error.cause) === 'ENOENT') return null;
    throw error;
  });
  return found === null || found.files === 0;
}

/**
 * What a loss of the key ring would come to: opens the copy with the master key of today and, with nothing but it, one person of
 * every Page. Makes and changes nothing, neither there nor in the database.
 *
 * @throws {UserError} `no_key_ring_copy`, `key_ring_copy_empty`, `directory_unusable`, `master_key_wrong` @throws {OperationalError} `key_ring_mismatch` when the copy is not in step
 */
async function drill(infrastructure: Infrastructure, say: (text: string) => void): Promise<OpenedPages> {
  const { config, db, clock, ids, keyRingSeals: seals } = infrastructure;
  const dir = config.keyRingCopyDir;
  if (dir === null) throw noCopy();
  if (await holdsNoRing(infrastructure)) throw emptyCopy();
  const { opened, isWhole } = await inDirectoryOf('KEYRING_COPY_DIR', async () => {
    const keyRing = await readKeyRing({ dir, seals, registry: postgresRingRegistry(db), clock, ids });
    const tried = await makeOpenEveryPage({ db, keyRing })();
    return { opened: tried, isWhole: tried.unopened === 0 && (await keyRing.verifyAgainstRegistry()).ok };
  });
  say(
    isWhole
      ? 'The copy opens everything that the key ring opens.'
      : 'The copy does NOT open everything: run keys copy, and look at the files.',
  );
  if (!isWhole) process.exitCode = 1;
  return opened;
}
