import { randomBytes } from 'node:crypto';
import { open, readdir, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { systemClock } from '../kernel/clock';

const ENDING = '.next';
/** Longer than anybody writes at such a file before it takes its place. */
const ABANDONED_MS = 60_000;

async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

export interface Unfinished {
  /** Others of the folder are left alone. */
  readonly isMeant?: (name: string) => boolean;
  /** Nobody can be writing at it any more, however new it is. */
  readonly isOver?: (name: string) => boolean;
}

/**
 * Overwrites and removes successors of files that a process was killed over before they took their place: nobody reads them, and they
 * hold what the file does.
 *
 * @returns how many went
 */
export async function shredUnfinished(
  folder: string,
  { isMeant = () => true, isOver = () => false }: Unfinished = {},
): Promise<number> {
  let gone = 0;
  for (const name of (await orNull(readdir(folder))) ?? []) {
    if (!name.endsWith(ENDING) || !isMeant(name)) continue;
    const file = path.join(folder, name);
    if ((isOver(name) || (await isAbandoned(file))) && (await shred(file))) gone += 1;
  }
  return gone;
}

async function isAbandoned(file: string): Promise<boolean> {
  const found = await orNull(stat(file));
  return found !== null && systemClock.now().getTime() - found.mtimeMs > ABANDONED_MS;
}

/** Best effort: a file system that copies on write may keep the old bytes. */
async function shred(file: string): Promise<boolean> {
  const handle = await orNull(open(file, 'r+'));
  if (handle === null) return false;
  try {
    await handle.writeFile(randomBytes((await handle.stat()).size));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await orNull(unlink(file));
  return true;
}
