import { HASH_BYTES } from '../../kernel/crypto/merkle';
import { INPUT_LEVEL, readTiles, TILE_WIDTH } from '../ledger';
import type { Tx } from '../sql.types';
import type { ExpectedTile } from './audit-tree.rules';
import type { Report } from './audit.types';

/** The leaf inputs as stored; where a tile is missing or short, what it lacks is reported and counts as zeros. */
export async function readInputs(tx: Tx, from: number, to: number, report: Report): Promise<Buffer[]> {
  const first = Math.floor(from / TILE_WIDTH);
  const places = Array.from({ length: Math.ceil(to / TILE_WIDTH) - first }, (_, at) => ({
    level: INPUT_LEVEL,
    n: first + at,
  }));
  const tiles = new Map((await readTiles(tx, places)).map((tile) => [tile.n, tile.hashes]));
  return places.flatMap(({ n }) => {
    const width = Math.min(TILE_WIDTH, to - n * TILE_WIDTH);
    const hashes = tiles.get(n) ?? Buffer.alloc(0);
    if (hashes.length !== width * HASH_BYTES)
      report('tile_changed', n * TILE_WIDTH, null, `the tile of inputs ${n} has another length than it must have`);
    return Array.from({ length: width }, (_, at) => {
      const hash = hashes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES);
      return hash.length === HASH_BYTES ? hash : Buffer.alloc(HASH_BYTES);
    });
  });
}

/** @param wrong leaves that are at fault already */
export async function compareTiles(
  tx: Tx,
  expected: readonly ExpectedTile[],
  { wrong }: { readonly wrong: readonly number[] },
  report: Report,
): Promise<void> {
  if (expected.length === 0) return;
  const stored = new Map((await readTiles(tx, expected)).map((tile) => [`${tile.level}/${tile.n}`, tile.hashes]));
  for (const { level, n, hashes } of expected) {
    const found = stored.get(`${level}/${n}`);
    if (found?.equals(hashes) === true) continue;
    const wide = TILE_WIDTH ** level;
    const leaf = (n * TILE_WIDTH + firstDifference(found ?? Buffer.alloc(0), hashes)) * wide;
    // A hash above differs where a leaf below it does.
    const cause = wrong.find((one) => one >= leaf && one < leaf + wide) ?? leaf;
    report('tile_changed', cause, null, `tile ${level}/${n} is not what the leaves below it make`);
  }
}

const firstDifference = (found: Buffer, expected: Buffer): number => {
  let at = 0;
  while (at < expected.length && found[at] === expected[at]) at += 1;
  return Math.min(Math.floor(at / HASH_BYTES), Math.max(0, expected.length / HASH_BYTES - 1));
};
