import { mkdir, stat } from 'node:fs/promises';
import { errnoOf, UserError } from '../kernel/errors';

/** In words, for whoever runs the installation. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist, and is made only where the directory above it exists and takes new ones',
  EEXIST: 'it is no directory',
  ENOTDIR: 'it is no directory, or lies below something that is none',
  EACCES: 'this user may not read and write there',
  EPERM: 'the system does not permit to write there',
  EROFS: 'its volume is read-only',
  ENOSPC: 'its volume is full',
  EDQUOT: 'the quota of this user is used up',
  EIO: 'its volume cannot be read or written',
  ESTALE: 'its volume was taken away',
  ENOTCONN: 'its volume is not connected',
  EHOSTDOWN: 'its volume does not answer',
  ETIMEDOUT: 'its volume does not answer',
};

/** Why the system refused to read or write in a directory. */
export function reasonOf(errno: string): string {
  const reason = REASONS[errno];
  return reason === undefined ? `fault ${errno}` : `${reason} (${errno})`;
}

/**
 * Makes a directory when it is missing, and none above it: those may be the mount point of a volume that is not there.
 *
 * @throws what the system says
 */
export async function makeDirectory(directory: string, mode = 0o777): Promise<void> {
  try {
    await mkdir(directory, mode);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST' || !(await stat(directory)).isDirectory()) throw error;
  }
}

/**
 * Does something in the directory that a variable names.
 *
 * @throws {UserError} `directory_unusable`, which names the variable and not the path, when the system refuses it
 */
export async function inDirectoryOf<T>(variable: string, work: () => Promise<T> | T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === null) throw error;
    const message = `the directory of ${variable} cannot be used: ${reasonOf(errno)}`;
    throw new UserError('directory_unusable', message, [], { cause: error });
  }
}
