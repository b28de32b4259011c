import type { Config } from '../../config/env';
import type { KeyRingCopy } from '../domain/keyring.types';
import { codeOf, errnoOf, OperationalError, UserError } from '../kernel/errors';
import type { Log } from '../kernel/log';
import { sparingly } from '../kernel/sparingly';
import { inDirectoryOf, makeDirectory, reasonOf } from '../platform/directories';
import { examineRingCopy, openRingCopy, tryWriting, type RingCopyState, type RingRegistry } from '../platform/keyring';

const VARIABLE = 'KEYRING_COPY_DIR';

/** What follows from a copy that cannot be written. */
export const UNCERTIFIED = 'no erasure is certified before the copy is in step';

interface Examined {
  readonly config: Pick<Config, 'keyRingDir' | 'keyRingCopyDir'>;
  readonly ringRegistry: RingRegistry;
}

interface CopyParts {
  readonly config: Pick<Config, 'keyRingDir' | 'keyRingCopyDir'>;
  readonly registry: RingRegistry;
  readonly log: Log;
}

/** The second copy of the key ring, which tells the log why it could not be brought in step; null where none is named. */
export async function openKeyRingCopy({ config, registry, log }: CopyParts): Promise<KeyRingCopy | null> {
  const { keyRingDir: dir, keyRingCopyDir: copyDir } = config;
  if (copyDir === null) return null;
  const copy = await openRingCopy({ dir, copyDir, registry });
  // While an erasure waits for the copy it is tried again twice a second.
  const say = sparingly();
  return {
    update: () =>
      copy.update().catch((error: unknown) => {
        const code = codeOf(error);
        say(code, () => log.error('keys.copy_failed', { code }));
        throw named(error);
      }),
  };
}

function named(error: unknown): unknown {
  const errno = errnoOf(error);
  if (errno === null) return error;
  const message = `the copy of the key ring in ${VARIABLE} cannot be brought in step: ${reasonOf(errno)}`;
  return new OperationalError('key_ring_copy_failed', message, { cause: error });
}

/**
 * Compares the copy with the key ring; null where none is named.
 *
 * @throws {UserError} `directory_unusable` when it cannot be read
 */
export const examineKeyRingCopy = ({ config, ringRegistry: registry }: Examined): Promise<RingCopyState | null> =>
  inDirectoryOf(VARIABLE, async () => {
    const { keyRingDir: dir, keyRingCopyDir: copyDir } = config;
    return copyDir === null ? null : examineRingCopy({ dir, copyDir, registry });
  });

/** Whether a file can be written beside the copy, which is left as it was. @throws {UserError} `directory_unusable` */
export const tryWritingCopy = ({ config: { keyRingCopyDir: directory } }: Pick<Examined, 'config'>): Promise<void> =>
  inDirectoryOf(VARIABLE, () => (directory === null ? Promise.resolve() : tryWriting(directory)));

/** Says when the copy cannot be written. A volume that is mounted later is no reason not to start. */
export async function announceKeyRingCopy(
  { keyRingCopyDir: directory }: Pick<Config, 'keyRingCopyDir'>,
  log: Log,
  say: (text: string) => void,
): Promise<void> {
  if (directory === null) return;
  try {
    await inDirectoryOf(VARIABLE, async () => {
      await makeDirectory(directory);
      await tryWriting(directory);
    });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    log.error('keys.copy_failed', { code: codeOf(error.cause) });
    say(`${error.message}; ${UNCERTIFIED}`);
  }
}
