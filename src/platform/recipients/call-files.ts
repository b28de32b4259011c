import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { SealedCalls } from '../../domain/recipients/recipients.types';
import { shredUnfinished } from '../unfinished-files';

const ENDING = '.call';
const NEXT = '.next';

/** One file for each call, mode 0600, in a folder beside the key ring. */
export function callFiles(folder: string): SealedCalls {
  const fileOf = (id: string): string => path.join(folder, `${id}${ENDING}`);

  /** Of one call nobody writes two at once. */
  const shredNext = (id: string): Promise<number> =>
    shredUnfinished(folder, { isOver: (name) => name.startsWith(`${id}${ENDING}.`) });

  return {
    put: async (id, bytes) => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await shredNext(id);
      const next = `${fileOf(id)}.${randomUUID()}${NEXT}`;
      await writeThrough(next, 'wx', bytes);
      await overwrite(fileOf(id));
      await rename(next, fileOf(id));
      await syncFolder(folder);
    },
    read: (id) => orNull(readFile(fileOf(id))),
    drop: async (id) => {
      const gone = await shredNext(id);
      if (await overwrite(fileOf(id))) await orNull(unlink(fileOf(id)));
      else if (gone === 0) return;
      await syncFolder(folder);
    },
    dropUnfinished: () => shredUnfinished(folder),
    ids: async () =>
      ((await orNull(readdir(folder))) ?? []).flatMap((name) =>
        name.endsWith(ENDING) ? [name.slice(0, -ENDING.length)] : [],
      ),
  };
}

async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function writeThrough(name: string, flags: string, bytes: Buffer): Promise<void> {
  const handle = await open(name, flags, 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Best effort: a file system that copies on write may keep the old bytes. @returns whether there was such a file */
async function overwrite(name: string): Promise<boolean> {
  const found = await orNull(readFile(name));
  if (found === null) return false;
  return (await orNull(writeThrough(name, 'r+', randomBytes(found.length)).then(() => true))) ?? false;
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return; // a directory cannot be opened there
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
