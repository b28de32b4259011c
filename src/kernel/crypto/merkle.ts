import { hash } from 'node:crypto';

/** Bytes of every hash in a tree. */
export const HASH_BYTES = 32;

const LEAF_PREFIX = Buffer.from([0]);
const NODE_PREFIX = Buffer.from([1]);

/** SHA-256 of `parts`, one after the other. */
export const sha256 = (...parts: readonly Buffer[]): Buffer =>
  hash('sha256', parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts), 'buffer');

/** Hashes that were stored one behind the other; what is too short for one at the end is left out. */
export const splitHashes = (bytes: Buffer): Buffer[] =>
  Array.from({ length: Math.floor(bytes.length / HASH_BYTES) }, (_, at) =>
    bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES),
  );

/** RFC 6962, section 2.1: what a leaf of the tree is of its input. */
export const leafHash = (input: Buffer): Buffer => sha256(LEAF_PREFIX, input);

/** RFC 6962, section 2.1: what an inner node is of its two children. */
export const nodeHash = (left: Buffer, right: Buffer): Buffer => sha256(NODE_PREFIX, left, right);

/** RFC 6962, section 2.1: the tree head over `inputs`, in order. Of none it is the hash of nothing. */
export function treeHead(inputs: readonly Buffer[]): Buffer {
  let level = inputs.map(leafHash);
  if (level.length === 0) return sha256(Buffer.alloc(0));
  while (level.length > 1) level = pairUp(level);
  return level[0] ?? Buffer.alloc(0);
}

/**
 * The level above `level`. A last node without a sibling rises as it is; that gives the split at the largest power of two
 * the RFC asks for.
 */
export function pairUp(level: readonly Buffer[]): Buffer[] {
  const next: Buffer[] = [];
  for (let at = 0; at < level.length; at += 2) {
    const [left, right] = [level[at], level[at + 1]];
    if (left !== undefined) next.push(right === undefined ? left : nodeHash(left, right));
  }
  return next;
}

/** RFC 6962, section 2.1.1: the hashes that lead from input `index` to the tree head over `inputs`. For few inputs. */
export function inclusionPath(inputs: readonly Buffer[], index: number): Buffer[] {
  if (inputs.length <= 1) return [];
  let wide = 1;
  while (wide * 2 < inputs.length) wide *= 2;
  const [left, right] = [inputs.slice(0, wide), inputs.slice(wide)];
  return index < wide
    ? [...inclusionPath(left, index), treeHead(right)]
    : [...inclusionPath(right, index - wide), treeHead(left)];
}
