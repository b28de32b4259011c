import type { EventSpan, Segment } from './inbound.types';

/**
 * Cuts a body into the bytes around its events ('p') and the events themselves ('e'), in order and without a gap: the
 * segments written one after the other are the body. So each event can be kept, and erased, with the person it is of.
 *
 * The spans of one body never touch (a comma lies between), hence event k is always segment 2k + 1.
 */
export function splitSegments(bytes: Buffer, spans: readonly EventSpan[]): readonly Segment[] {
  const segments: Segment[] = [];
  let at = 0;
  for (const span of spans) {
    segments.push({ kind: 'p', bytes: bytes.subarray(at, span.start) });
    segments.push({ kind: 'e', bytes: bytes.subarray(span.start, span.end) });
    at = span.end;
  }
  segments.push({ kind: 'p', bytes: bytes.subarray(at) });
  return segments;
}

/** Index, among the segments of its body, of the event with this position among the body's spans. */
export const segmentOfEvent = (eventIndex: number): number => 2 * eventIndex + 1;
