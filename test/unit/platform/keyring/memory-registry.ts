import type { LockedRing, RingRegistry, RingRow } from '../../../../src/platform/keyring/ring-registry.types';

export interface MemoryRegistry extends RingRegistry {
  readonly rows: Map<string, RingRow>;
  /** The next transaction does its work and is then lost, as when the server dies before it answers. */
  failNextCommit(): void;
  readonly locksTaken: number;
}

/** The registry without a server: one lock a ring, and rows that change only when the work resolves. */
export function memoryRegistry(): MemoryRegistry {
  const rows = new Map<string, RingRow>();
  const queues = new Map<string, Promise<unknown>>();
  let commitFails = false;
  let locksTaken = 0;

  async function transaction<T>(ring: string, work: (locked: LockedRing) => Promise<T>): Promise<T> {
    locksTaken += 1;
    let outcome: RingRow | null | undefined;
    const result = await work({
      current: rows.get(ring) ?? null,
      record: (generation, sha256) => {
        outcome = { generation, sha256 };
        return Promise.resolve();
      },
      forget: () => {
        outcome = null;
        return Promise.resolve();
      },
    });
    if (commitFails) {
      commitFails = false;
      throw new Error('commit lost');
    }
    if (outcome === null) rows.delete(ring);
    else if (outcome !== undefined) rows.set(ring, outcome);
    return result;
  }

  return {
    rows,
    get locksTaken() {
      return locksTaken;
    },
    failNextCommit: () => {
      commitFails = true;
    },
    withRingLock: (ring, work) => {
      const turn = (queues.get(ring) ?? Promise.resolve()).then(() => transaction(ring, work));
      queues.set(
        ring,
        turn.catch(() => undefined),
      );
      return turn;
    },
    read: (ring) => Promise.resolve(rows.get(ring) ?? null),
    all: () => Promise.resolve([...rows].map(([ring, row]) => ({ ring, ...row }))),
  };
}
