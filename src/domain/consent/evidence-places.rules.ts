import type { SegmentReference } from './ledger/entry-body.types';

/** Behind every index that a segment of a body can have. */
const LONG_BODY_AT = 2 ** 24;

/** A piece of a webhook as an entry says it. */
export type ListedSegment = readonly [kind: SegmentReference['kind'], length: number, hash: string];

export const listedSegment = ({ kind, length, hash }: SegmentReference): ListedSegment => [
  kind,
  length,
  hash.toString('hex'),
];

/**
 * At which position each piece that an entry lists is kept: at its own among `segs`, where all pieces of the body are listed. Else by where
 * it begins in the body, which is the same for everybody in it, and never the position of a piece of another kind of list.
 */
export function placesOf(segs: readonly (readonly [kind: string, length: number, ...rest: unknown[]])[]): number[] {
  if (segs.every(([kind]) => kind !== 'm')) return segs.map((_, at) => at);
  let offset = LONG_BODY_AT;
  return segs.map(([, length]) => {
    const at = offset;
    offset += length;
    return at;
  });
}
