import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import path from 'node:path';

/** Of what is written before it takes the place of a file. `shredUnfinished` removes those that a crash left. */
export const NEXT = '.next';

/** Null when there is no such file. */
export async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Durable when it resolves, but for a name that is new: see `syncFolder`. */
export async function writeThrough(file: string, flags: string, bytes: Buffer): Promise<void> {
  const handle = await open(file, flags, 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** @returns the file beside `file` that the bytes are in: named by chance, for containers that share a folder have the same process ids */
export async function writeNext(file: string, bytes: Buffer): Promise<string> {
  const next = `${file}.${randomUUID()}${NEXT}`;
  await writeThrough(next, 'wx', bytes);
  return next;
}

/** Puts a whole file there, or leaves the one there is; its folder is made when it is missing. */
export async function writeWhole(file: string, bytes: Buffer): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await rename(await writeNext(file, bytes), file);
  await syncFolder(path.dirname(file));
}

/** Best effort: a file system that copies on write may keep the old bytes. @returns whether there was such a file */
export async function overwrite(file: string): Promise<boolean> {
  const found = await orNull(stat(file));
  if (found === null) return false;
  return (await orNull(writeThrough(file, 'r+', randomBytes(found.size)).then(() => true))) ?? false;
}

/** Makes names in the folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return; // a directory cannot be opened there
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export const readOrNull = (file: string): Promise<Buffer | null> => orNull(readFile(file));
