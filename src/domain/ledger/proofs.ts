import type { Sql } from '../sql.types';
import { readTiles } from './ledger.store';
import {
  consistencySteps,
  inclusionSteps,
  openTile,
  proofHashes,
  rootStep,
  tilesOfSteps,
  type OpenTile,
  type ProofStep,
  type TilePlace,
} from './tree.rules';

/** Tiles kept open; one takes 16 KiB, and neighbouring leaves share nearly all of theirs. */
const MOST_TILES = 512;

export interface LogProofs {
  /** RFC 6962 inclusion proofs of several leaves in the tree of `size`, in the order asked. */
  inclusion(indexes: readonly number[], size: number): Promise<Buffer[][]>;
  /** RFC 6962 consistency proof. */
  consistency(oldSize: number, size: number): Promise<Buffer[]>;
  /** The root of the first `size` leaves. */
  root(size: number): Promise<Buffer>;
}

/**
 * Makes proofs out of stored tiles, and keeps the tiles it has opened. Tiles only grow, and a proof for a smaller tree never needs
 * what came later: but a kept tile may be too short for a larger tree, so make one of these for each size or request.
 */
export function makeLogProofs(sql: Sql): LogProofs {
  const opened = new Map<string, OpenTile>();
  const keyOf = ({ level, n }: TilePlace): string => `${level}/${n}`;

  async function open(steps: readonly ProofStep[]): Promise<void> {
    const missing = tilesOfSteps(steps).filter((place) => !opened.has(keyOf(place)));
    if (missing.length === 0) return;
    if (opened.size + missing.length > MOST_TILES) opened.clear();
    const wanted = opened.size === 0 ? tilesOfSteps(steps) : missing;
    for (const tile of await readTiles(sql, wanted)) opened.set(keyOf(tile), openTile(tile.hashes));
  }

  const hashesOf = (steps: readonly ProofStep[]): Buffer[] => proofHashes(steps, (place) => opened.get(keyOf(place)));

  return {
    inclusion: async (indexes, size) => {
      const proofs = indexes.map((index) => inclusionSteps(index, size));
      await open(proofs.flat());
      return proofs.map(hashesOf);
    },
    consistency: async (oldSize, size) => {
      const steps = consistencySteps(oldSize, size);
      await open(steps);
      return hashesOf(steps);
    },
    root: async (size) => {
      const step = rootStep(size);
      await open([step]);
      return hashesOf([step])[0] ?? Buffer.alloc(0);
    },
  };
}
