import { hash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { orNull } from '../durable-files';
import { readRingFiles } from './ring-files';
import type { RingRegistry } from './ring-registry.types';

/** How the second copy stands to the key ring. */
export interface RingCopyState {
  /** Rings that are in force. */
  readonly rings: number;
  /** Files of rings in the copy, whatever they are. */
  readonly files: number;
  /** Rings in force that the copy does not have, or has in another generation. */
  readonly missing: number;
  readonly outdated: number;
  /** Rings in the copy that were destroyed. */
  readonly leftOver: number;
  /** When the first of the rings that the copy lacks was written; null when it lacks none. */
  readonly behindSince: Date | null;
  readonly isOnSameVolume: boolean;
}

interface Examined {
  /** Of the ring itself, and of its copy. */
  readonly dir: string;
  readonly copyDir: string;
  readonly registry: RingRegistry;
}

/**
 * Compares the second copy with the rings that are in force. Changes nothing.
 *
 * @throws what the system says of a copy that cannot be read
 */
export async function examineRingCopy({ dir, copyDir, registry }: Examined): Promise<RingCopyState> {
  const copy = readRingFiles(copyDir);
  const files = new Set(await copy.list());
  const rows = await registry.all();
  let outdated = 0;
  const behind: string[] = rows.map(({ ring }) => ring).filter((ring) => !files.has(ring));
  const missing = behind.length;
  for (const { ring, sha256 } of rows) {
    const bytes = await copy.read(ring);
    if (bytes === null || hash('sha256', bytes, 'buffer').equals(sha256)) continue;
    behind.push(ring);
    outdated += 1;
  }
  const written = await Promise.all(behind.map((ring) => orNull(stat(path.join(dir, `${ring}.bin`)))));
  const times = written.flatMap((found) => (found === null ? [] : [found.mtimeMs]));
  return {
    rings: rows.length,
    files: files.size,
    missing,
    outdated,
    leftOver: [...files].filter((ring) => !rows.some((row) => row.ring === ring)).length,
    behindSince: times.length === 0 ? null : new Date(Math.min(...times)),
    isOnSameVolume: (await stat(dir)).dev === (await stat(copyDir)).dev,
  };
}
