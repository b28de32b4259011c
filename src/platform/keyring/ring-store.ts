import { hash } from 'node:crypto';
import type { Ids } from '../../kernel/ids';
import { KeyRingMismatchError, masterKeyWrong } from './keyring.errors';
import type { RingFiles } from './ring-files';
import type { LockedRing, RingRegistry, RingRow } from './ring-registry.types';
import { openRing, sealRing } from './ring-seal';

const FIRST_GENERATION = 1;

export interface RingStore {
  /** The plain bytes in force, or null when there is no such ring. */
  load(ring: string): Promise<Buffer | null>;
  /**
   * Replaces a ring under its lock. `change` gets the plain bytes in force (null: no such ring) and answers the new
   * ones, or null to leave it as it is; the generation is written into them here. `change` may be called again.
   *
   * @returns the plain bytes now in force
   */
  replace(ring: string, change: (plain: Buffer | null) => Buffer | null): Promise<Buffer | null>;
  destroy(ring: string): Promise<void>;
  /** Whether the file is the one its row speaks of; a file that is one step ahead is brought in order first. */
  check(ring: string, row: RingRow): Promise<boolean>;
}

interface Parts {
  /** Master keys: the first seals what is written, each opens. More than one only while the master key is being replaced. */
  readonly seals: readonly [Buffer, ...Buffer[]];
  readonly files: RingFiles;
  readonly registry: RingRegistry;
  readonly ids: Ids;
}

interface Settled {
  readonly plain: Buffer | null;
  /** The row was behind and has just been brought up to the file. */
  readonly carried: boolean;
}

const sha256 = (bytes: Buffer): Buffer => hash('sha256', bytes, 'buffer');

/** Ring files together with their rows. How the two are kept in step is told in docs/adr/0003-key-ring-generation.md. */
export function makeRingStore(parts: Parts): RingStore {
  const { files, registry } = parts;
  const checked = new Map<string, string>();

  const load: RingStore['load'] = async (ring) => {
    const row = await registry.read(ring);
    const bytes = row === null ? null : await files.read(ring);
    if (row !== null && bytes !== null && sha256(bytes).equals(row.sha256))
      return openRecorded(parts, ring, row, bytes);
    return (await registry.withRingLock(ring, (locked) => settle(parts, ring, locked))).plain;
  };

  return {
    load,
    replace: async (ring, change) => {
      // A row that had to be carried forward is committed before anything is written: after two steps in one
      // transaction a crash would leave the file two generations ahead, and nobody tries that far.
      for (;;) {
        const done = await registry.withRingLock(ring, async (locked) => {
          const settled = await settle(parts, ring, locked);
          if (settled.carried) return null;
          return { plain: await write(parts, ring, locked, settled.plain, change(settled.plain)) };
        });
        if (done !== null) return done.plain;
      }
    },
    destroy: (ring) =>
      registry.withRingLock(ring, async (locked) => {
        await files.destroy(ring);
        await locked.forget();
      }),
    check: async (ring, row) => {
      const mark = `${(await files.fingerprint(ring)) ?? 'none'}:${row.sha256.toString('hex')}`;
      if (checked.get(ring) === mark) return true;
      try {
        await load(ring);
      } catch (error) {
        if (error instanceof KeyRingMismatchError) return false;
        throw error;
      }
      checked.set(ring, mark);
      return true;
    },
  };
}

async function write(
  { seals: [seal], files, ids }: Parts,
  ring: string,
  locked: LockedRing,
  former: Buffer | null,
  next: Buffer | null,
): Promise<Buffer | null> {
  if (next === null) return former;
  const generation = former === null ? FIRST_GENERATION : former.readUInt32BE(0) + 1;
  next.writeUInt32BE(generation, 0);
  const sealed = sealRing(seal, ring, next, ids);
  await files.prepare(ring, sealed);
  // Before the old file goes: a statement that succeeds shows that the lock is still held.
  await locked.record(generation, sha256(sealed));
  await files.promote(ring);
  former?.fill(0);
  return next;
}

function openRecorded({ seals }: Parts, ring: string, row: RingRow, bytes: Buffer): Buffer {
  const plain = openRing(seals, ring, row.generation, bytes);
  if (plain === null) throw masterKeyWrong();
  return plain;
}

/**
 * Decides, under the lock, which bytes are in force, and brings file and row in step after a crash.
 *
 * In the order a write goes: the successor is prepared, the old file overwritten, the successor renamed, the row
 * committed. So a file or a successor one generation ahead of the row is a finished change whose commit was lost.
 */
async function settle(parts: Parts, ring: string, locked: LockedRing): Promise<Settled> {
  const { seals, files } = parts;
  const row = locked.current;
  const bytes = await files.read(ring);
  if (row !== null && bytes !== null && sha256(bytes).equals(row.sha256)) {
    const plain = openRecorded(parts, ring, row, bytes);
    await files.discardNext(ring);
    return { plain, carried: false };
  }

  const generation = row === null ? FIRST_GENERATION : row.generation + 1;
  const moved = bytes === null ? null : openRing(seals, ring, generation, bytes);
  if (moved !== null && bytes !== null) {
    await locked.record(generation, sha256(bytes));
    return { plain: moved, carried: true };
  }
  const successor = await takeSuccessor(parts, ring, generation, locked);
  if (successor !== null) return { plain: successor, carried: true };
  if (row === null && bytes === null) return { plain: null, carried: false };
  throw new KeyRingMismatchError(ring, describe(row, bytes));
}

async function takeSuccessor(
  parts: Parts,
  ring: string,
  generation: number,
  locked: LockedRing,
): Promise<Buffer | null> {
  const bytes = await parts.files.readNext(ring);
  const plain = bytes === null ? null : openRing(parts.seals, ring, generation, bytes);
  if (bytes === null || plain === null) return null;
  await locked.record(generation, sha256(bytes));
  await parts.files.promote(ring);
  return plain;
}

function describe(row: RingRow | null, bytes: Buffer | null): string {
  if (row === null)
    return 'there is a file, but this database knows no such ring (another database, or another MASTER_KEY)';
  if (bytes === null) return 'the database knows this ring, but its file is missing';
  return `the file is neither generation ${row.generation} nor the next (an old copy, or a newer one than the database: after a backup of it was restored, run "assent restore")`;
}
