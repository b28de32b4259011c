import { randomBytes } from 'node:crypto';
import { link, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { systemClock } from '../../kernel/clock';
import { EmbeddedPostgresError, errorCode } from './errors';
import { inspectProcess } from './processes';

const POLL_MS = 25;
const NAME = /^postgres-start\.(\d+)\.lock$/;

const holderSchema = z.object({ pid: z.number().int(), startedAt: z.string(), released: z.boolean() });

/** Longer than any start, with recovery after a crash, should take. */
const PATIENCE_MS = 300_000;

export async function underStartLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const release = await acquireStartLock(folder, PATIENCE_MS);
  try {
    return await work();
  } finally {
    await release();
  }
}

/**
 * Lets one process at a time create, start or adopt the server of a folder. A holder that died is overtaken.
 *
 * The lock is a row of numbered files of which the highest counts. A stale one is never deleted to be created again
 * (two waiters could each delete the other's new lock) but outnumbered, and an exclusive `link` lets one waiter win.
 * A number once passed may be free again, so the winner looks a second time that nothing higher exists.
 *
 * @returns the function that gives the lock back.
 * @throws {EmbeddedPostgresError} embedded_postgres_busy when a live process kept it for `patienceMs`.
 */
export async function acquireStartLock(folder: string, patienceMs: number): Promise<() => Promise<void>> {
  const startedAt = (await inspectProcess(process.pid))?.startedAt ?? '';
  const deadlineMs = systemClock.monotonicMs() + patienceMs;
  for (;;) {
    const highest = await highestGeneration(folder);
    if (highest === 0 || !(await isHeld(folder, highest))) {
      const mine = highest + 1;
      if (await claim(folder, mine, { pid: process.pid, startedAt, released: false })) {
        return async () => replace(folder, mine, { pid: process.pid, startedAt, released: true });
      }
    } else if (systemClock.monotonicMs() > deadlineMs) {
      throw new EmbeddedPostgresError(
        'embedded_postgres_busy',
        `Another process has been starting the embedded PostgreSQL in ${folder} for too long.`,
      );
    }
    await delay(POLL_MS);
  }
}

type Holder = z.infer<typeof holderSchema>;

const lockFile = (folder: string, generation: number): string => join(folder, `postgres-start.${generation}.lock`);

async function generations(folder: string): Promise<number[]> {
  const names = await readdir(folder);
  return names.flatMap((name) => {
    const match = NAME.exec(name);
    return match ? [Number(match[1])] : [];
  });
}

async function highestGeneration(folder: string): Promise<number> {
  return Math.max(0, ...(await generations(folder)));
}

async function isHeld(folder: string, generation: number): Promise<boolean> {
  let holder: Holder;
  try {
    holder = holderSchema.parse(JSON.parse(await readFile(lockFile(folder, generation), 'utf8')));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return true; // overtaken meanwhile: the next look sees the higher one
    if (error instanceof SyntaxError || error instanceof z.ZodError) return false; // torn by a power cut
    throw error;
  }
  if (holder.released) return false;
  return (await inspectProcess(holder.pid))?.startedAt === holder.startedAt;
}

async function claim(folder: string, generation: number, holder: Holder): Promise<boolean> {
  const draft = await writeDraft(folder, holder);
  try {
    await link(draft, lockFile(folder, generation));
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
  const all = await generations(folder);
  if (all.some((other) => other > generation)) {
    await rm(lockFile(folder, generation), { force: true });
    return false;
  }
  const passed = all.filter((other) => other < generation);
  await Promise.all(passed.map(async (other) => rm(lockFile(folder, other), { force: true })));
  return true;
}

async function replace(folder: string, generation: number, holder: Holder): Promise<void> {
  await rename(await writeDraft(folder, holder), lockFile(folder, generation));
}

async function writeDraft(folder: string, holder: Holder): Promise<string> {
  const draft = join(folder, `postgres-start.${randomBytes(8).toString('hex')}.tmp`);
  await writeFile(draft, JSON.stringify(holder), { mode: 0o644 });
  return draft;
}
