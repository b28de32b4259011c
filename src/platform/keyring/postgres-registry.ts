import type { Database } from '../../domain/sql.types';
import type { NamedRingRow, RingRegistry, RingRow } from './ring-registry.types';

/** First half of the advisory lock; the second is a hash of the ring's name. Two rings sharing it merely wait for each other. */
const LOCK_CLASS = 7102;

/** The registry of rings in table `key_ring`. Each lock takes a connection of its own for some milliseconds. */
export function postgresRingRegistry(db: Database): RingRegistry {
  return {
    withRingLock: (ring, work) =>
      db.transaction(async (tx) => {
        await tx.run('select pg_advisory_xact_lock($1, hashtext($2))', [LOCK_CLASS, ring]);
        // Read after the lock, in a statement of its own: the snapshot of an earlier one would not show what the
        // previous holder committed.
        const current = await tx.first<RingRow>('select generation, sha256 from key_ring where ring = $1', [ring]);
        return work({
          current: current ?? null,
          record: async (generation, sha256) => {
            await tx.run(
              `insert into key_ring (ring, generation, sha256) values ($1, $2, $3)
               on conflict (ring) do update set generation = excluded.generation, sha256 = excluded.sha256`,
              [ring, generation, sha256],
            );
          },
          forget: async () => {
            await tx.run('delete from key_ring where ring = $1', [ring]);
          },
        });
      }),
    read: async (ring) =>
      (await db.first<RingRow>('select generation, sha256 from key_ring where ring = $1', [ring])) ?? null,
    all: () => db.rows<NamedRingRow>('select ring, generation, sha256 from key_ring order by ring'),
  };
}
