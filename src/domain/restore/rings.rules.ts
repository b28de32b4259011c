/** Generation of each ring, by name. */
export type RingGenerations = ReadonlyMap<string, number>;

export interface RingDifferences {
  /** Changed since the backup: a crash alone leaves a file no more than one generation ahead. */
  readonly ahead: readonly string[];
  /** Older than the database: not the ring that belongs to it. */
  readonly older: readonly string[];
  /** The database knows them, and their files are gone. */
  readonly missing: readonly string[];
  /** Made since the backup: what was sealed under them is not in this database. */
  readonly unknown: readonly string[];
}

/** @param files as they lie there @param rows as the database has them */
export function compareRings(files: RingGenerations, rows: RingGenerations): RingDifferences {
  const by = (isSo: (file: number | undefined, row: number) => boolean): string[] =>
    [...rows].flatMap(([ring, row]) => (isSo(files.get(ring), row) ? [ring] : []));
  return {
    ahead: by((file, row) => file !== undefined && file > row + 1),
    older: by((file, row) => file !== undefined && file < row),
    missing: by((file) => file === undefined),
    unknown: [...files.keys()].filter((ring) => !rows.has(ring)),
  };
}

const PAGE_RING = /^page-(.+)$/;

/** The Page that a ring is of; null for the ring of the installation. */
export const pageOfRing = (ring: string): string | null => PAGE_RING.exec(ring)?.[1] ?? null;
