import fc from 'fast-check';
import { segmentOfEvent, splitSegments } from '../../../../src/domain/inbox/segments.rules';
import { eventSpans } from '../../../../src/domain/inbox/spans.rules';
import { anyBody } from './any-body';

describe('splitSegments', () => {
  it('gives back the body, byte for byte, and every event at its own index', () => {
    fc.assert(
      fc.property(anyBody(), (body) => {
        const bytes = Buffer.from(JSON.stringify(body, null, 1));
        const found = eventSpans(bytes);
        if (!found.ok) throw new Error(found.reason);
        const segments = splitSegments(bytes, found.spans);
        expect(Buffer.concat(segments.map((segment) => segment.bytes)).equals(bytes)).toBe(true);
        expect(segments.filter((segment) => segment.kind === 'e')).toHaveLength(found.spans.length);
        found.spans.forEach((span, index) => {
          expect(segments[segmentOfEvent(index)]).toEqual({ kind: 'e', bytes: bytes.subarray(span.start, span.end) });
        });
      }),
    );
  });

  it('gives a body without events as one envelope segment', () => {
    expect(splitSegments(Buffer.from('{}'), [])).toEqual([{ kind: 'p', bytes: Buffer.from('{}') }]);
  });
});
