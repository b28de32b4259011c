import { chown, open, readFile, rename, rm } from 'node:fs/promises';
import { z } from 'zod';
import { errorCode } from './errors';
import type { RunAs } from './processes';

/** How to reach the server of a folder. It holds the password, so it is readable by its owner alone. */
export interface Runtime {
  /** 0 until the server was started for the first time. */
  readonly port: number;
  readonly password: string;
}

const runtimeSchema = z.object({ port: z.number().int().min(0).max(65_535), password: z.string().min(20) });

/** @returns undefined when the file is missing or not one of ours. */
export async function readRuntime(file: string): Promise<Runtime | undefined> {
  try {
    return runtimeSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
    throw error;
  }
}

/** Replaces the file in one step. It belongs to the account of the server, so that a later run without root reads it. */
export async function writeRuntime(file: string, runtime: Runtime, runAs?: RunAs): Promise<void> {
  const draft = `${file}.tmp`;
  await rm(draft, { force: true });
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(JSON.stringify(runtime));
    await handle.sync();
  } finally {
    await handle.close();
  }
  if (runAs) await chown(draft, runAs.uid, runAs.gid);
  await rename(draft, file);
}
