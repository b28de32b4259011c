import { hash } from 'node:crypto';
import type { KeyRingCopy } from '../../domain/keyring.types';
import type { LeafCopy } from '../../domain/ledger/leaf-copy.types';
import { checkpointFile, sizeOf } from './checkpoint-file';
import { copyEnded } from './ended-files';
import { erasedAccountsFile } from './erased-accounts-file';
import { leadKeyFiles } from './lead-key-files';
import { leafFile } from './leaf-file';
import { openRingFiles, type RingFiles } from './ring-files';
import type { RingRegistry } from './ring-registry.types';

const sha256 = (bytes: Buffer): Buffer => hash('sha256', bytes, 'buffer');

interface RingCopyOptions {
  /** Of the ring itself, and of its copy. */
  readonly dir: string;
  readonly copyDir: string;
  readonly registry: RingRegistry;
}

/**
 * The second copy of the key ring, in another directory that should lie on another machine. It holds each ring as it is now, what lies
 * beside it, and nothing else: an older generation would open, with an older copy of the database, whoever was erased since.
 */
export async function openRingCopy({ dir, copyDir, registry }: RingCopyOptions): Promise<KeyRingCopy> {
  const files = await openRingFiles(dir);

  /** Under the ring's lock, so that no other process puts an older file over a newer one. */
  const replace = (ring: string, copy: RingFiles): Promise<void> =>
    registry.withRingLock(ring, async ({ current }) => {
      const bytes = await files.read(ring);
      if (current === null || bytes === null || !sha256(bytes).equals(current.sha256)) return;
      await copy.prepare(ring, bytes);
      await copy.promote(ring);
    });

  return {
    update: async () => {
      // The volume may be mounted later than the program starts.
      const copy = await openRingFiles(copyDir);
      const rows = await registry.all();
      const named = new Set(rows.map(({ ring }) => ring));
      let changed = 0;
      for (const ring of await copy.list()) {
        if (named.has(ring)) continue;
        await copy.destroy(ring);
        changed += 1;
      }
      for (const { ring, sha256: wanted } of rows) {
        const bytes = await copy.read(ring);
        if (bytes !== null && sha256(bytes).equals(wanted)) continue;
        await replace(ring, copy);
        changed += 1;
      }
      // Before the leaves: those that it signs are there by then.
      const note = await checkpointFile(dir).read();
      changed += await leadKeyFiles(dir).copyTo(copyDir);
      changed += await copyEnded(dir, copyDir);
      const erased = erasedAccountsFile(copyDir);
      for (const mac of await erasedAccountsFile(dir).all()) await erased.add(mac);
      await copyLeaves(leafFile(dir), leafFile(copyDir), sizeOf(await checkpointFile(copyDir).read()));
      if (note !== null) await checkpointFile(copyDir).write(note);
      return changed;
    },
  };
}

/** Leaves of one reading: 8 MB. */
const BATCH_LEAVES = 262_144;

/** @param durable leaves that the copied checkpoint, which is written after them, vouches for */
async function copyLeaves(from: LeafCopy, to: LeafCopy, durable: number): Promise<void> {
  const count = await from.count();
  for (let at = Math.max(0, Math.min(durable, await to.count())); at < count; at += BATCH_LEAVES)
    await to.write(at, await from.read(at, Math.min(count, at + BATCH_LEAVES)));
}
