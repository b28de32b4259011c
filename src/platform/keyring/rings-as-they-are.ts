import { hash } from 'node:crypto';
import { masterKeyWrong } from './keyring.errors';
import { openRingFiles } from './ring-files';
import type { LockedRing, NamedRingRow, RingRegistry, RingRow } from './ring-registry.types';
import { openRingAsItIs } from './ring-seal';

const sha256 = (bytes: Buffer): Buffer => hash('sha256', bytes, 'buffer');

/**
 * The rows that belong to the ring files as they lie there, whatever a database says of them: for a database that was set back. A
 * successor whose predecessor a crash had overwritten takes its place.
 *
 * @throws {UserError} `master_key_wrong` when a file opens with none of the keys
 */
export async function readRingsAsTheyAre(dir: string, seals: readonly Buffer[]): Promise<ReadonlyMap<string, RingRow>> {
  const files = await openRingFiles(dir);
  const rows = new Map<string, RingRow>();
  for (const ring of await files.list()) {
    const bytes = await files.read(ring);
    const plain = bytes === null ? null : openRingAsItIs(seals, ring, bytes);
    if (bytes !== null && plain !== null) {
      rows.set(ring, { generation: plain.readUInt32BE(0), sha256: sha256(bytes) });
      continue;
    }
    const next = await files.readNext(ring);
    const successor = next === null ? null : openRingAsItIs(seals, ring, next);
    if (next === null || successor === null) throw masterKeyWrong();
    await files.promote(ring);
    rows.set(ring, { generation: successor.readUInt32BE(0), sha256: sha256(next) });
  }
  return rows;
}

/** A registry in memory, for the time in which that of the database does not fit the files. Only one process may use it. */
export function registryOf(files: ReadonlyMap<string, RingRow>): RingRegistry {
  const rows = new Map(files);
  let last: Promise<unknown> = Promise.resolve();

  const locked = (ring: string): LockedRing => ({
    current: rows.get(ring) ?? null,
    record: (generation, bytes) => Promise.resolve(void rows.set(ring, { generation, sha256: bytes })),
    forget: () => Promise.resolve(void rows.delete(ring)),
  });
  const all = (): NamedRingRow[] => [...rows].map(([ring, row]) => ({ ring, ...row }));

  return {
    withRingLock: (ring, work) => {
      const turn = last.then(() => work(locked(ring)));
      last = turn.catch(() => undefined);
      return turn;
    },
    read: (ring) => Promise.resolve(rows.get(ring) ?? null),
    all: () => Promise.resolve(all()),
  };
}
