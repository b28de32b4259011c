/** What PostgreSQL remembers of a ring: which generation of its file is in force, and the hash of those bytes. */
export interface RingRow {
  readonly generation: number;
  readonly sha256: Buffer;
}

export interface NamedRingRow extends RingRow {
  readonly ring: string;
}

/** The row of a ring while its lock is held. What is recorded or forgotten takes effect when the work resolves. */
export interface LockedRing {
  readonly current: RingRow | null;
  record(generation: number, sha256: Buffer): Promise<void>;
  forget(): Promise<void>;
}

/** Where the generations of rings are kept, and the lock among writers of all processes. */
export interface RingRegistry {
  /** Runs `work` while no other process writes this ring. `work` may be run again after a fault of the database. */
  withRingLock<T>(ring: string, work: (locked: LockedRing) => Promise<T>): Promise<T>;
  read(ring: string): Promise<RingRow | null>;
  all(): Promise<readonly NamedRingRow[]>;
}
