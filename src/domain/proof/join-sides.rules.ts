/** Where a hash of an inclusion proof stands when it is joined with what has been computed so far. */
export type JoinSide = 'left' | 'right';

/**
 * The side of each hash of the inclusion proof of leaf `index` in a tree of `size`, lowest first, so that nobody needs to
 * know how such a tree grows. RFC 9162, section 2.1.3.2.
 */
export function joinSides(index: number, size: number): JoinSide[] {
  const sides: JoinSide[] = [];
  let [at, last] = [index, size - 1];
  while (last > 0) {
    // A last node without a sibling rises as it is, and nothing is joined on that level.
    if (at % 2 === 1) sides.push('left');
    else if (at < last) sides.push('right');
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return sides;
}
