import type { Needle } from './needles.rules';

/** Counts needles in bytes that come in pieces. Holds no more than a piece and the length of a needle. */
export interface Counter {
  /** The next piece of the same value or file. */
  add(piece: Buffer): void;
  /** The next piece begins another one: nothing is found across the two. */
  begin(): void;
  /** How often each form was found. */
  found(): ReadonlyMap<string, number>;
}

/** Needles of at least three bytes, by those that they begin with: one look at each place of what is searched serves all of them. */
export interface NeedleTable {
  readonly longest: number;
  /** 1 where a needle begins with these two bytes: small enough to be at hand always. */
  readonly pairs: Uint8Array;
  /** A bit for each three bytes: with thousands of needles most pairs begin one. */
  readonly triples: Uint8Array;
  readonly byBeginning: ReadonlyMap<number, readonly Needle[]>;
}

const PAIRS = 65_536;
const TRIPLES = 256 * PAIRS;
const tripleAt = (bytes: Buffer, at: number): number =>
  ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
const hasBit = (bits: Uint8Array, at: number): boolean => ((bits[at >> 3] ?? 0) & (1 << (at & 7))) !== 0;

export function tableOf(needles: readonly Needle[]): NeedleTable {
  const pairs = new Uint8Array(PAIRS);
  const triples = new Uint8Array(TRIPLES / 8);
  const byBeginning = new Map<number, Needle[]>();
  for (const needle of needles) {
    const triple = tripleAt(needle.bytes, 0);
    pairs[triple >> 8] = 1;
    triples[triple >> 3] = (triples[triple >> 3] ?? 0) | (1 << (triple & 7));
    const known = byBeginning.get(triple);
    if (known === undefined) byBeginning.set(triple, [needle]);
    else known.push(needle);
  }
  return { pairs, triples, byBeginning, longest: needles.reduce((most, { bytes }) => Math.max(most, bytes.length), 0) };
}

export function counterOf(table: NeedleTable): Counter {
  const counts = new Map<string, number>();
  let carried: Buffer = Buffer.alloc(0);
  return {
    add: (piece) => {
      const window = carried.length === 0 ? piece : Buffer.concat([carried, piece]);
      countNew(window, table, carried.length, counts);
      carried = Buffer.from(window.subarray(Math.max(0, window.length - table.longest + 1)));
    },
    begin: () => {
      carried = Buffer.alloc(0);
    },
    found: () => counts,
  };
}

/** Those that end behind the first `known` bytes: the others were counted with the piece before. */
function countNew(
  window: Buffer,
  { pairs, triples, byBeginning }: NeedleTable,
  known: number,
  counts: Map<string, number>,
): void {
  for (let at = 0; at + 2 < window.length; at += 1) {
    const triple = tripleAt(window, at);
    if (pairs[triple >> 8] === 0 || !hasBit(triples, triple)) continue;
    for (const { encoding, bytes } of byBeginning.get(triple) ?? []) {
      const end = at + bytes.length;
      if (end <= known || end > window.length || window.compare(bytes, 0, bytes.length, at, end) !== 0) continue;
      counts.set(encoding, (counts.get(encoding) ?? 0) + 1);
    }
  }
}
