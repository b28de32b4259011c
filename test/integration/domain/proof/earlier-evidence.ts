import { createHash } from 'node:crypto';
import type * as rules from '../../../../src/domain/consent/evidence.rules';

type Rules = typeof rules;
type Body = rules.SignedBody;

const sha256 = (...parts: Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
const OUTER = [Buffer.alloc(64, 1), Buffer.alloc(64, 2)] as const;

/** How releases before there were runs wrote of a long body, and kept it. */
export function asEarlier(now: Rules): Pick<Rules, 'evidenceOf' | 'listedPieces'> {
  const withheld = ({ segments }: Body, from: number, to: number, nonce: Buffer) => {
    const bytes = Buffer.concat(segments.slice(from, to).map((segment) => segment.bytes));
    return { kind: 'e' as const, length: bytes.length, hash: sha256(sha256(bytes), nonce) };
  };
  return {
    evidenceOf: (body, at) => {
      const evidence = now.evidenceOf(body, at);
      const own = evidence.segments[evidence.index]!;
      const [before, after] = [withheld(body, 0, at, OUTER[0]), withheld(body, at + 1, body.segments.length, OUTER[1])];
      return { ...evidence, index: 1, segments: [before, own, after] };
    },
    listedPieces: ({ segments }) =>
      segments.map(({ kind, bytes }, place) => ({
        place,
        position: place,
        reference: { kind, length: bytes.length, hash: sha256(bytes) },
      })),
  };
}
