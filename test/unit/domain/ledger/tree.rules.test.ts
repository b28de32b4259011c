import fc from 'fast-check';
import {
  consistencySteps,
  edgeOf,
  growTree,
  inclusionSteps,
  openTile,
  proofHashes,
  rootOfEdge,
  rootStep,
  type ProofStep,
  type Tile,
} from '../../../../src/domain/ledger/tree.rules';
import { inclusionPath } from '../../../../src/kernel/crypto/merkle';
import { inputsOf, naiveConsistency, naivePath, naiveRoot } from './naive-tree';

/** Grown in batches of these sizes, with the tiles it leaves behind. */
function grown(batches: readonly number[]) {
  const tiles = new Map<string, Tile>();
  const inputs = inputsOf(batches.reduce((sum, n) => sum + n, 0));
  let [size, root] = [0, naiveRoot([])];
  for (const batch of batches) {
    const edge = edgeOf(size).flatMap(({ level, n }) => tiles.get(`${String(level)}/${String(n)}`) ?? []);
    const tree = growTree(size, edge, inputs.slice(size, size + batch));
    for (const tile of tree.tiles) tiles.set(`${String(tile.level)}/${String(tile.n)}`, tile);
    ({ size, root } = tree);
  }
  const edge = edgeOf(size).flatMap(({ level, n }) => tiles.get(`${String(level)}/${String(n)}`) ?? []);
  const hashes = (steps: readonly ProofStep[]) =>
    proofHashes(steps, ({ level, n }) => {
      const tile = tiles.get(`${String(level)}/${String(n)}`);
      return tile === undefined ? undefined : openTile(tile.hashes);
    });
  return { inputs, size, root, edge, hashes };
}

it.each([0, 1, 2, 3, 7, 8, 255, 256, 257, 511, 512, 513, 700])(
  'a tree of %i leaves has the root of RFC 6962',
  (size) => {
    const tree = grown([size]);
    expect(tree.root).toEqual(naiveRoot(tree.inputs));
    expect(rootOfEdge(size, tree.edge)).toEqual(tree.root);
  },
);

it('a tree of three levels of tiles, grown over their boundaries, has the root of RFC 6962', () => {
  const tree = grown([65_000, 535, 1, 1, 300]);
  expect(tree.size).toBe(65_837);
  expect(tree.root).toEqual(naiveRoot(tree.inputs));
  expect(tree.edge.map(({ level }) => level)).toEqual([-1, 0, 1, 2]);
  const index = 65_400;
  expect(tree.hashes(inclusionSteps(index, tree.size))).toEqual(naivePath(index, tree.inputs));
});

it('grows to the same root however its leaves are batched', () => {
  const batches = fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 5 });
  fc.assert(
    fc.property(batches, (sizes) => {
      const tree = grown(sizes);
      expect(tree.root).toEqual(naiveRoot(tree.inputs));
    }),
    { numRuns: 60 },
  );
});

it('proves inclusion, consistency and roots of older trees as RFC 6962 does', () => {
  const shape = fc
    .integer({ min: 1, max: 600 })
    .chain((size) =>
      fc.tuple(fc.constant(size), fc.integer({ min: 0, max: size - 1 }), fc.integer({ min: 1, max: size })),
    );
  fc.assert(
    fc.property(shape, ([size, index, old]) => {
      const tree = grown([Math.floor(size / 2), size - Math.floor(size / 2)]);
      expect(tree.hashes(inclusionSteps(index, size))).toEqual(naivePath(index, tree.inputs));
      expect(tree.hashes(consistencySteps(old, size))).toEqual(naiveConsistency(old, tree.inputs));
      expect(tree.hashes([rootStep(old)])).toEqual([naiveRoot(tree.inputs.slice(0, old))]);
      const few = tree.inputs.slice(0, 50);
      if (index < few.length) expect(inclusionPath(few, index)).toEqual(naivePath(index, few));
    }),
    { numRuns: 60 },
  );
});

it('refuses an edge that is not what the size asks for', () => {
  const tree = grown([300]);
  const cut = tree.edge.map((tile) => ({ ...tile, hashes: tile.hashes.subarray(32) }));
  const changed = tree.edge.map((tile) =>
    tile.level === -1 ? { ...tile, hashes: Buffer.alloc(tile.hashes.length) } : tile,
  );
  for (const edge of [[], tree.edge.slice(1), cut, changed]) {
    expect(() => growTree(300, edge, inputsOf(1))).toThrow(expect.objectContaining({ code: 'ledger_edge' }) as Error);
  }
});

it('refuses proofs of what is not there', () => {
  const code = (value: string) => expect.objectContaining({ code: value }) as Error;
  expect(() => inclusionSteps(3, 3)).toThrow(code('ledger_range'));
  expect(() => inclusionSteps(-1, 3)).toThrow(code('ledger_range'));
  expect(() => consistencySteps(4, 3)).toThrow(code('ledger_range'));
  expect(() => proofHashes(inclusionSteps(0, 2), () => undefined)).toThrow(code('ledger_tile'));
});
