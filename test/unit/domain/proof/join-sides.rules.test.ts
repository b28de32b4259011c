import { joinSides } from '../../../../src/domain/proof/join-sides.rules';
import { inclusionPath, leafHash, nodeHash, treeHead } from '../../../../src/kernel/crypto/merkle';

it('leads from every leaf of every small tree to its root', () => {
  for (let size = 1; size <= 70; size += 1) {
    const inputs = Array.from({ length: size }, (_, at) => Buffer.from([at]));
    const root = treeHead(inputs);
    for (const [index, input] of inputs.entries()) {
      const path = inclusionPath(inputs, index);
      const sides = joinSides(index, size);
      expect(sides).toHaveLength(path.length);
      const reached = path.reduce(
        (hash, sibling, at) => (sides[at] === 'left' ? nodeHash(sibling, hash) : nodeHash(hash, sibling)),
        leafHash(input),
      );
      expect(reached.equals(root)).toBe(true);
    }
  }
});

it('counts beyond 32 bits', () => {
  expect(joinSides(2 ** 40, 2 ** 40 + 1)).toEqual(['left']);
  expect(joinSides(0, 2 ** 40 + 1)).toEqual(Array.from({ length: 41 }, () => 'right'));
});
