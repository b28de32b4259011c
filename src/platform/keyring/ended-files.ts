import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { EndedFacts } from '../../domain/keyring.types';
import { orNull, readOrNull, writeThrough, writeWhole } from '../durable-files';
import { shredUnfinished } from '../unfinished-files';

const FOLDER = 'ended';
const FILE_NAME = /^(\d+)[.]macs$/;
const LINE = /^([0-9a-f]{32}) (\d{1,9})$/;

/** One file for each day, a line for each fact, beside the key ring. A line that a crash cut is none. */
export function endedFiles(directory: string): EndedFacts {
  const folder = path.join(directory, FOLDER);

  return {
    add: async (day, facts) => {
      if (facts.length === 0) return;
      await mkdir(folder, { recursive: true, mode: 0o700 });
      // Begins with a new line: the one before may have been cut.
      const lines = facts.map(({ mac, n }) => `\n${mac.toString('hex')} ${String(n)}`).join('');
      await writeThrough(path.join(folder, `${String(day)}.macs`), 'a', Buffer.from(`${lines}\n`));
    },
    all: async () => {
      const highest = new Map<string, number>();
      for (const name of await filesIn(folder)) {
        for (const line of (await readFile(path.join(folder, name), 'latin1')).split('\n')) {
          const [, mac, n] = LINE.exec(line) ?? [];
          if (mac !== undefined) highest.set(mac, Math.max(Number(n), highest.get(mac) ?? 0));
        }
      }
      return highest;
    },
    forgetBefore: async (day) => {
      const old = (await filesIn(folder)).filter((name) => dayOf(name) < day);
      for (const name of old) await rm(path.join(folder, name), { force: true });
      return old.length;
    },
  };
}

/** Makes another directory hold exactly these files. @returns how many changed there */
export async function copyEnded(from: string, to: string): Promise<number> {
  const [source, target] = [path.join(from, FOLDER), path.join(to, FOLDER)];
  const names = await filesIn(source);
  const gone = (await filesIn(target)).filter((name) => !names.includes(name));
  for (const name of gone) await rm(path.join(target, name), { force: true });
  let changed = gone.length + (await shredUnfinished(target));
  for (const name of names) {
    const bytes = await readFile(path.join(source, name));
    if ((await readOrNull(path.join(target, name)))?.equals(bytes) === true) continue;
    await writeWhole(path.join(target, name), bytes);
    changed += 1;
  }
  return changed;
}

const dayOf = (name: string): number => Number(FILE_NAME.exec(name)?.[1]);

async function filesIn(folder: string): Promise<string[]> {
  return ((await orNull(readdir(folder))) ?? []).filter((name) => FILE_NAME.test(name)).sort();
}
