import { readdir, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { systemClock } from '../kernel/clock';
import { NEXT, orNull, overwrite } from './durable-files';

/** Longer than anybody writes at such a file before it takes its place. */
const ABANDONED_MS = 60_000;

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
    if (!name.endsWith(NEXT) || !isMeant(name)) continue;
    const file = path.join(folder, name);
    if ((isOver(name) || (await isAbandoned(file))) && (await shred(file))) gone += 1;
  }
  return gone;
}

async function isAbandoned(file: string): Promise<boolean> {
  const found = await orNull(stat(file));
  return found !== null && systemClock.now().getTime() - found.mtimeMs > ABANDONED_MS;
}

async function shred(file: string): Promise<boolean> {
  if (!(await overwrite(file))) return false;
  await orNull(unlink(file));
  return true;
}
