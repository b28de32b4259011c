import { HASH_BYTES } from '../../kernel/crypto/merkle';
import { InvariantError } from '../../kernel/errors';
import type { Sql } from '../sql.types';
import type { LeafCopy } from './leaf-copy.types';
import { readTiles } from './ledger.store';
import { INPUT_LEVEL, TILE_WIDTH } from './tree.rules';

/** Tiles of one reading: 8 MB. */
const BATCH_TILES = 1_024;

/**
 * Brings the copy of the leaves up to `size`, from what is committed. Only what was known to be durable is trusted: `kept` leaves.
 *
 * @throws {InvariantError} `ledger_tile` when the log does not hold what it says it holds
 */
export async function keepLeaves(sql: Sql, leafCopy: LeafCopy, kept: number, size: number): Promise<void> {
  let from = Math.min(kept, await leafCopy.count());
  while (from < size) {
    const first = Math.floor(from / TILE_WIDTH);
    const last = Math.min(first + BATCH_TILES, Math.ceil(size / TILE_WIDTH));
    const places = Array.from({ length: last - first }, (_, at) => ({ level: INPUT_LEVEL, n: first + at }));
    const tiles = (await readTiles(sql, places)).sort((a, b) => a.n - b.n);
    const to = Math.min(size, last * TILE_WIDTH);
    const inputs = Buffer.concat(tiles.map(({ hashes }) => hashes)).subarray(
      (from - first * TILE_WIDTH) * HASH_BYTES,
      (to - first * TILE_WIDTH) * HASH_BYTES,
    );
    if (tiles.length !== places.length || inputs.length !== (to - from) * HASH_BYTES)
      throw new InvariantError('ledger_tile', 'a tile of the log is missing or too short');
    await leafCopy.write(from, inputs);
    from = to;
  }
}
