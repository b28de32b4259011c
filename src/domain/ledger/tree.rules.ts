import { HASH_BYTES, leafHash, nodeHash, pairUp, sha256 } from '../../kernel/crypto/merkle';
import { InvariantError } from '../../kernel/errors';

/** Hashes in a full tile. Source: C2SP tlog-tiles, "Merkle Tree". */
export const TILE_WIDTH = 256;
const TILE_HEIGHT = 8;
/** The level under which the log keeps the leaf inputs, 32 bytes each. */
export const INPUT_LEVEL = -1;

/** A tile by level and place; `INPUT_LEVEL` holds leaf inputs, level 0 leaf hashes, each level above 256 times as many leaves. */
export interface TilePlace {
  readonly level: number;
  readonly n: number;
}

export interface Tile extends TilePlace {
  /** 1 to 256 hashes, one after the other. */
  readonly hashes: Buffer;
}

/** A partial tile at the right edge of a tree. */
export interface EdgeTile extends TilePlace {
  /** Hashes in it, 1 to 255. */
  readonly width: number;
}

const tileKey = ({ level, n }: TilePlace): string => `${level}/${n}`;
const hashAt = (hashes: Buffer, index: number): Buffer => hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
const splitHashes = (hashes: Buffer): Buffer[] =>
  Array.from({ length: hashes.length / HASH_BYTES }, (_, index) => hashAt(hashes, index));

/** The partial tiles of a tree of that size, the lowest level first: all that is needed to make it grow. */
export function edgeOf(size: number): EdgeTile[] {
  const edge: EdgeTile[] = [];
  let count = size;
  for (let level = 0; count > 0; level += 1, count = Math.floor(count / TILE_WIDTH)) {
    const width = count % TILE_WIDTH;
    const n = Math.floor(count / TILE_WIDTH);
    if (width === 0) continue;
    if (level === 0) edge.push({ level: INPUT_LEVEL, n, width });
    edge.push({ level, n, width });
  }
  return edge;
}

export interface GrownTree {
  readonly size: number;
  readonly root: Buffer;
  /** New and changed tiles. */
  readonly tiles: readonly Tile[];
}

/**
 * Appends leaf inputs to a tree that is known by its right edge.
 *
 * @param edge tiles of `edgeOf(size)`, exactly
 * @throws {InvariantError} `ledger_edge` when a tile is missing, or holds another number of hashes than the size asks for
 */
export function growTree(size: number, edge: readonly Tile[], inputs: readonly Buffer[]): GrownTree {
  const known = edgeHashes(size, edge);
  const tiles: Tile[] = [...tilesOfLevel(INPUT_LEVEL, size, known(INPUT_LEVEL), inputs)];
  let added: Buffer[] = inputs.map(leafHash);
  const peaks: Buffer[][] = [];
  for (let level = 0, count = size; added.length > 0 || count > 0; level += 1) {
    const before = known(level);
    const made = tilesOfLevel(level, count, before, added);
    if (added.length > 0) tiles.push(...made);
    const last = added.length > 0 ? made.at(-1)?.hashes : before;
    if (last !== undefined && last.length < TILE_WIDTH * HASH_BYTES) peaks.push(peaksOf(splitHashes(last)));
    added = made.filter(({ hashes }) => hashes.length === TILE_WIDTH * HASH_BYTES).map(({ hashes }) => headOf(hashes));
    count = Math.floor(count / TILE_WIDTH);
  }
  return { size: size + inputs.length, root: foldPeaks(peaks.reverse().flat()), tiles };
}

/** The root of a tree that is known by its right edge. */
export const rootOfEdge = (size: number, edge: readonly Tile[]): Buffer => growTree(size, edge, []).root;

function edgeHashes(size: number, edge: readonly Tile[]): (level: number) => Buffer {
  const given = new Map(edge.map((tile) => [tileKey(tile), tile.hashes]));
  const byLevel = new Map<number, Buffer>();
  for (const place of edgeOf(size)) {
    const hashes = given.get(tileKey(place));
    if (hashes?.length !== place.width * HASH_BYTES) {
      throw new InvariantError('ledger_edge', 'a tile at the edge of the log is not what its size asks for');
    }
    byLevel.set(place.level, hashes);
  }
  const inputs = byLevel.get(INPUT_LEVEL);
  const leaves = byLevel.get(0);
  if (
    inputs !== undefined &&
    leaves !== undefined &&
    !Buffer.concat(splitHashes(inputs).map(leafHash)).equals(leaves)
  ) {
    throw new InvariantError('ledger_edge', 'leaf inputs and leaf hashes at the edge of the log do not agree');
  }
  return (level) => byLevel.get(level) ?? Buffer.alloc(0);
}

function tilesOfLevel(level: number, count: number, partial: Buffer, added: readonly Buffer[]): Tile[] {
  const hashes = Buffer.concat([partial, ...added]);
  const first = Math.floor(count / TILE_WIDTH);
  const tiles: Tile[] = [];
  for (let at = 0; at < hashes.length; at += TILE_WIDTH * HASH_BYTES) {
    const part = hashes.subarray(at, at + TILE_WIDTH * HASH_BYTES);
    tiles.push({ level, n: first + tiles.length, hashes: part });
  }
  return tiles;
}

function headOf(hashes: Buffer): Buffer {
  let nodes = splitHashes(hashes);
  while (nodes.length > 1) nodes = pairUp(nodes);
  return nodes[0] ?? Buffer.alloc(0);
}

/** The heads of the complete subtrees in a partial tile, the largest first. */
function peaksOf(nodes: readonly Buffer[]): Buffer[] {
  const peaks: Buffer[] = [];
  for (let at = 0, wide = TILE_WIDTH / 2; wide >= 1; wide /= 2) {
    if ((nodes.length & wide) === 0) continue;
    peaks.push(headOf(Buffer.concat(nodes.slice(at, at + wide))));
    at += wide;
  }
  return peaks;
}

const foldPeaks = (peaks: readonly Buffer[]): Buffer =>
  peaks.length === 0 ? sha256(Buffer.alloc(0)) : peaks.reduceRight((right, left) => nodeHash(left, right));

/** A complete subtree: of 2^height leaves, the `index`-th of its kind. */
interface Subtree {
  readonly height: number;
  readonly index: number;
}

/** One hash of a proof: complete subtrees, the largest first, that are folded from the right. */
export type ProofStep = readonly Subtree[];

/** The tree head over the leaves `from` to `to`, as RFC 6962 cuts them: `from` is a multiple of the largest part. */
function rangeStep(from: number, to: number): ProofStep {
  const parts: Subtree[] = [];
  for (let at = from; at < to;) {
    let wide = 1;
    let height = 0;
    while (at % (wide * 2) === 0 && at + wide * 2 <= to) {
      wide *= 2;
      height += 1;
    }
    parts.push({ height, index: at / wide });
    at += wide;
  }
  return parts;
}

/** The largest power of two below `size`. */
function splitOf(size: number): number {
  let wide = 1;
  while (wide * 2 < size) wide *= 2;
  return wide;
}

/** RFC 6962, section 2.1.1: the hashes from the sibling of leaf `index` up to the child of the root of the first `size` leaves. */
export function inclusionSteps(index: number, size: number): ProofStep[] {
  if (index < 0 || index >= size) throw new InvariantError('ledger_range', 'no such leaf in a tree of that size');
  const steps: ProofStep[] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const middle = from + splitOf(to - from);
    steps.push(index < middle ? rangeStep(middle, to) : rangeStep(from, middle));
    if (index < middle) to = middle;
    else from = middle;
  }
  return steps.reverse();
}

/** RFC 6962, section 2.1.2: that the first `oldSize` leaves of a tree of `size` are those of the older tree. */
export function consistencySteps(oldSize: number, size: number): ProofStep[] {
  if (oldSize < 0 || oldSize > size) throw new InvariantError('ledger_range', 'the older tree is the larger one');
  if (oldSize === 0 || oldSize === size) return [];
  const steps: ProofStep[] = [];
  let [from, to] = [0, size];
  let isWhole = true;
  while (oldSize !== to) {
    const middle = from + splitOf(to - from);
    if (oldSize <= middle) {
      steps.push(rangeStep(middle, to));
      to = middle;
    } else {
      steps.push(rangeStep(from, middle));
      from = middle;
      isWhole = false;
    }
  }
  if (!isWhole) steps.push(rangeStep(from, to));
  return steps.reverse();
}

/** The root of the first `size` leaves. */
export const rootStep = (size: number): ProofStep => rangeStep(0, size);

function tileOfSubtree({ height, index }: Subtree): TilePlace & { readonly from: number; readonly wide: number } {
  const level = Math.floor(height / TILE_HEIGHT);
  const wide = 2 ** (height % TILE_HEIGHT);
  const first = index * wide;
  return { level, n: Math.floor(first / TILE_WIDTH), from: first % TILE_WIDTH, wide };
}

/** Every tile that the steps are computed from, once each. */
export function tilesOfSteps(steps: readonly ProofStep[]): TilePlace[] {
  const places = steps.flat().map((part) => {
    const { level, n } = tileOfSubtree(part);
    return { level, n };
  });
  return [...new Map(places.map((place) => [tileKey(place), place])).values()];
}

/** The nodes inside one tile, by height above its hashes. Made once for many proofs. */
export type OpenTile = readonly (readonly Buffer[])[];

export function openTile(hashes: Buffer): OpenTile {
  const rows: Buffer[][] = [splitHashes(hashes)];
  for (let row = rows[0] ?? []; row.length > 1;) {
    const complete = row.slice(0, row.length - (row.length % 2));
    if (complete.length === 0) break;
    row = pairUp(complete);
    rows.push(row);
  }
  return rows;
}

/**
 * Computes the hashes of a proof.
 *
 * @throws {InvariantError} `ledger_tile` when a tile does not hold what the tree must have there
 */
export function proofHashes(steps: readonly ProofStep[], tileAt: (place: TilePlace) => OpenTile | undefined): Buffer[] {
  const nodeOf = (part: Subtree): Buffer => {
    const { level, n, from, wide } = tileOfSubtree(part);
    const node = tileAt({ level, n })?.[Math.log2(wide)]?.[from / wide];
    if (node === undefined) throw new InvariantError('ledger_tile', 'a tile of the log is missing or too short');
    return node;
  };
  return steps.map((parts) => foldPeaks(parts.map(nodeOf)));
}
