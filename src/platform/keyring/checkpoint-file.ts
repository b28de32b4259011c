import { readFile, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { CheckpointCopy } from '../../domain/ledger/checkpoint-copy.types';
import { orNull, writeNext } from '../durable-files';
import { shredUnfinished } from '../unfinished-files';

const NAME = 'checkpoint.note';
/** Leaves under a checkpoint; -1 for none. */
export const sizeOf = (note: string | null): number => Number(note?.split('\n')[1] ?? -1);

/**
 * Writes beside the checkpoint, and takes it away again. Only that shows whether a directory can be written to.
 *
 * @throws what the system says
 */
export async function tryWriting(directory: string): Promise<void> {
  await unlink(await writeNext(path.join(directory, NAME), Buffer.alloc(0)));
}

/**
 * Keeps the last signed checkpoint beside the key ring, where a restored database does not bring its own. The directory is
 * the ring's: opening the ring has made it.
 */
export function checkpointFile(directory: string): CheckpointCopy {
  const file = path.join(directory, NAME);
  let isSwept = false;

  /** Once: the directory holds a file for each Page. */
  async function sweep(): Promise<void> {
    if (isSwept) return;
    isSwept = true;
    await shredUnfinished(directory, { isMeant: (name) => name.startsWith(`${NAME}.`) });
  }

  const read = (): Promise<string | null> => orNull(readFile(file, 'utf8'));

  return {
    read,
    write: async (note) => {
      await sweep();
      // Another process may have signed and written since: the file must not go back.
      if (sizeOf(await read()) >= sizeOf(note)) return;
      await rename(await writeNext(file, Buffer.from(note)), file);
    },
  };
}
