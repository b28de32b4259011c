import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { ArchiveFiles } from '../../domain/backup/backup.types';

const NAME = /^[0-9a-f-]{36}-\d{1,9}\.age$/;
const READ_BYTES = 64 * 1024;

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

async function orElse<T>(work: Promise<T>, missing: T): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (isMissing(error)) return missing;
    throw error;
  }
}

/** Archives as files of mode 0600 in one folder, which is made when it is first needed. Other files in it are left alone. */
export function archiveFiles(directory: string): ArchiveFiles {
  const at = (name: string): string => path.join(directory, name);
  return {
    write: async (name, parts) => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      // Nobody else makes a file of this name; what lies there a dead process left.
      const handle = await open(at(name), 'w', 0o600);
      let bytes = 0;
      try {
        for await (const part of parts) {
          await handle.writeFile(part);
          bytes += part.length;
        }
        await handle.sync();
      } catch (error) {
        await orElse(unlink(at(name)), undefined);
        throw error;
      } finally {
        await handle.close();
      }
      return bytes;
    },
    read: async (name) => {
      const found = await orElse(stat(at(name)), null);
      return found === null
        ? null
        : { bytes: found.size, stream: createReadStream(at(name), { highWaterMark: READ_BYTES }) };
    },
    list: async () => (await orElse(readdir(directory), [])).filter((name) => NAME.test(name)),
    remove: (name) => orElse(unlink(at(name)), undefined),
  };
}
