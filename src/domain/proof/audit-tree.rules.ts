import { HASH_BYTES, leafHash, nodeHash, sha256 } from '../../kernel/crypto/merkle';

const WIDTH = 256;

/** A full or partial tile as it must be. */
export interface ExpectedTile {
  readonly level: number;
  readonly n: number;
  readonly hashes: Buffer;
}

interface Peak {
  readonly leaves: number;
  readonly hash: Buffer;
}

/**
 * Recomputes a tree from its inputs alone, one after the other, in little memory. Made in another way than the tree is grown, so
 * that one fault does not hide in both.
 */
export function recomputedTree() {
  let peaks: Peak[] = [];
  let size = 0;
  const rows: Buffer[][] = [];
  const done: number[] = [];

  function place(level: number, hash: Buffer, full: ExpectedTile[]): void {
    const row = (rows[level] ??= []);
    row.push(hash);
    if (row.length < WIDTH) return;
    const n = done[level] ?? 0;
    full.push({ level, n, hashes: Buffer.concat(row) });
    done[level] = n + 1;
    rows[level] = [];
    place(level + 1, headOf(row), full);
  }

  return {
    size: (): number => size,
    /** @returns tiles that are full now */
    add: (input: Buffer): ExpectedTile[] => {
      const full: ExpectedTile[] = [];
      const leaf = leafHash(input);
      size += 1;
      let peak: Peak = { leaves: 1, hash: leaf };
      for (let last = peaks.at(-1); last?.leaves === peak.leaves; last = peaks.at(-1)) {
        peaks = peaks.slice(0, -1);
        peak = { leaves: last.leaves * 2, hash: nodeHash(last.hash, peak.hash) };
      }
      peaks.push(peak);
      place(0, leaf, full);
      return full;
    },
    root: (): Buffer =>
      peaks.length === 0
        ? sha256(Buffer.alloc(0))
        : peaks.map(({ hash }) => hash).reduceRight((right, left) => nodeHash(left, right)),
    /** The tiles that are not full. */
    partial: (): ExpectedTile[] =>
      rows.flatMap((row, level) =>
        row.length === 0 ? [] : [{ level, n: done[level] ?? 0, hashes: Buffer.concat(row) }],
      ),
  };
}

function headOf(row: readonly Buffer[]): Buffer {
  if (row.length === 1) return row[0] ?? Buffer.alloc(HASH_BYTES);
  return nodeHash(headOf(row.slice(0, row.length / 2)), headOf(row.slice(row.length / 2)));
}
