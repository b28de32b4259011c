import { randomBytes } from 'node:crypto';
import nodeFs from 'node:fs/promises';
import path from 'node:path';
import { errnoOf } from '../../kernel/errors';
import { makeDirectory } from '../directories';

/** The calls a ring file is written with; a test makes each of them fail in turn. */
export type FileCalls = Pick<typeof nodeFs, 'chmod' | 'open' | 'readdir' | 'readFile' | 'rename' | 'stat' | 'unlink'>;

const ENDING = '.bin';
const NEXT = '.next';

const isMissing = (error: unknown): boolean => errnoOf(error) === 'ENOENT';

export interface RingFiles {
  /** The file of the ring, or null. */
  read(ring: string): Promise<Buffer | null>;
  /** A complete successor that a crash kept from taking its place, or the torn beginning of one, or null. */
  readNext(ring: string): Promise<Buffer | null>;
  /** Writes the successor beside the file, durably. */
  prepare(ring: string, bytes: Buffer): Promise<void>;
  /** Puts the prepared successor in the place of the file, whose old bytes are overwritten first. */
  promote(ring: string): Promise<void>;
  discardNext(ring: string): Promise<void>;
  /** Overwrites and removes all there is of the ring. */
  destroy(ring: string): Promise<void>;
  /** Names of the rings of which there is a file. */
  list(): Promise<string[]>;
  /** Changes whenever the file is replaced. */
  fingerprint(ring: string): Promise<string | null>;
}

/** Opens the directory of rings, with mode 0700. It is made when it is missing, the directory above it is not. */
export async function openRingFiles(directory: string, fs: FileCalls = nodeFs): Promise<RingFiles> {
  await makeDirectory(directory);
  // A mounted volume may belong to somebody else; then its files (0600) still guard themselves.
  await fs.chmod(directory, 0o700).catch((error: unknown) => {
    if (errnoOf(error) !== 'EPERM') throw error;
  });
  return ringFilesIn(directory, fs);
}

/** The rings in a directory that is taken as it is: nothing is made, and there is no writing. */
export function readRingFiles(directory: string): Pick<RingFiles, 'read' | 'readNext' | 'list' | 'fingerprint'> {
  return ringFilesIn(directory, nodeFs);
}

/** @returns null when there is no such file */
async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function ringFilesIn(directory: string, fs: FileCalls): RingFiles {
  const file = (ring: string): string => path.join(directory, `${ring}${ENDING}`);
  const next = (ring: string): string => `${file(ring)}${NEXT}`;

  async function syncDirectory(): Promise<void> {
    if (process.platform === 'win32') return; // a directory cannot be opened there
    const handle = await fs.open(directory, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  async function writeThrough(name: string, flags: string, bytes: Buffer): Promise<void> {
    const handle = await fs.open(name, flags, 0o600);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  /** Best effort: a file system that copies on write, or a worn flash cell, may keep the old bytes. */
  async function overwrite(name: string): Promise<boolean> {
    const found = await orNull(fs.stat(name));
    if (found !== null) await writeThrough(name, 'r+', randomBytes(found.size));
    return found !== null;
  }

  async function shred(name: string): Promise<void> {
    if (await overwrite(name)) await fs.unlink(name);
  }

  return {
    read: (ring) => orNull(fs.readFile(file(ring))),
    readNext: (ring) => orNull(fs.readFile(next(ring))),
    prepare: async (ring, bytes) => {
      await shred(next(ring));
      await writeThrough(next(ring), 'wx', bytes);
      // Without this a power cut could lose the name of the successor after the old file was overwritten.
      await syncDirectory();
    },
    promote: async (ring) => {
      await overwrite(file(ring));
      await fs.rename(next(ring), file(ring));
      await syncDirectory();
    },
    discardNext: (ring) => shred(next(ring)),
    destroy: async (ring) => {
      await shred(next(ring));
      await shred(file(ring));
      await syncDirectory();
    },
    list: async () =>
      (await fs.readdir(directory)).flatMap((name) => (name.endsWith(ENDING) ? [name.slice(0, -ENDING.length)] : [])),
    fingerprint: async (ring) => {
      const found = await orNull(fs.stat(file(ring), { bigint: true }));
      return found === null ? null : `${found.ino}:${found.mtimeNs}`;
    },
  };
}
