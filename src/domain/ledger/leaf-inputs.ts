import { HASH_BYTES } from '../../kernel/crypto/merkle';
import type { Sql } from '../sql.types';
import { readTiles } from './ledger.store';
import { INPUT_LEVEL, TILE_WIDTH } from './tree.rules';

/** What the leaves at these places commit to; there is none for a place that the log does not have. */
export async function leafInputs(sql: Sql, indexes: readonly number[]): Promise<ReadonlyMap<number, Buffer>> {
  const numbers = [...new Set(indexes.map((index) => Math.floor(index / TILE_WIDTH)))];
  const tiles = await readTiles(
    sql,
    numbers.map((n) => ({ level: INPUT_LEVEL, n })),
  );
  const hashes = new Map(tiles.map((tile) => [tile.n, tile.hashes]));
  return new Map(
    indexes.flatMap((index): [number, Buffer][] => {
      const at = (index % TILE_WIDTH) * HASH_BYTES;
      const input = hashes.get(Math.floor(index / TILE_WIDTH))?.subarray(at, at + HASH_BYTES);
      return input?.length === HASH_BYTES ? [[index, input]] : [];
    }),
  );
}
