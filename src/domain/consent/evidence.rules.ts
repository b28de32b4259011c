import { sha256 } from '../../kernel/crypto/merkle';
import { listedSegment, placesOf } from './evidence-places.rules';
import { envelopeSegmentHash, eventSegmentHash } from './ledger/commitment.rules';
import type { Evidence, SegmentReference } from './ledger/entry-body.types';

/** Entries have a size limit; of a body with more pieces one lists its event and what lies around it, and the rest in runs. */
const MOST_SEGMENTS = 101;
/** What lies between two events of one list. */
const SEPARATOR = /^[ \t\r\n]*,[ \t\r\n]*$/;

const ENVELOPE_KEYS: ReadonlySet<string> = new Set(['object', 'entry']);
const ENTRY_KEYS: ReadonlySet<string> = new Set(['id', 'time', 'messaging', 'standby', 'changes']);

/** A verified webhook body cut into pieces, as evidence is made from it. */
export interface SignedBody {
  readonly deliveryId: string;
  readonly receivedAt: Date;
  /** `X-Hub-Signature-256` as received. */
  readonly header: string;
  /** First 8 bytes of the commitment to the secret that matched. */
  readonly secretId: Buffer;
  readonly segments: readonly { readonly kind: 'p' | 'e'; readonly bytes: Buffer }[];
  /** 64 random bytes for each segment of kind 'e', by segment index; fixed for the body, so that all entries agree. */
  readonly nonces: ReadonlyMap<number, Buffer>;
  /** Of each event in order: in which entry of the body it stands. */
  readonly entryIndexes: readonly number[];
}

/** A piece that an entry lists, and where it is kept if it is. */
export interface ListedPiece {
  readonly position: number;
  readonly reference: SegmentReference;
  /** Index of the segment; of a run, of its first. */
  readonly place: number;
}

/** What an entry says of the body it rests on, for the event at `index` among the segments. */
export function evidenceOf(body: SignedBody, index: number): Evidence {
  const { receivedAt, header, secretId } = body;
  const pieces = listedPieces(body, index);
  return {
    receivedAt,
    header,
    index: pieces.findIndex(({ place }) => place === index),
    length: offsetsOf(body).at(-1) ?? 0,
    secretId,
    segments: pieces.map((piece) => piece.reference),
  };
}

/** The pieces that the entry of the event at `index` among the segments lists. */
export function listedPieces(body: SignedBody, index: number): ListedPiece[] {
  const isLong = body.segments.length > MOST_SEGMENTS;
  const pieces = isLong ? aroundEvent(body, index) : body.segments.map((_, place) => single(body, place));
  const positions = placesOf(pieces.map(({ reference: { kind, length } }) => [kind, length]));
  return pieces.map((piece, at) => ({ ...piece, position: positions[at] ?? at }));
}

type Piece = Omit<ListedPiece, 'position'>;

const single = (body: SignedBody, place: number): Piece => ({ place, reference: reference(body, place) });

function reference(body: SignedBody, place: number): SegmentReference {
  const { kind, bytes } = body.segments[place] ?? { kind: 'p', bytes: Buffer.alloc(0) };
  const hash = kind === 'p' ? envelopeSegmentHash(bytes) : eventSegmentHash(bytes, nonceOf(body, place));
  return { kind, length: bytes.length, hash };
}

/**
 * The event, what it lies between, all that belongs to its entry of the body, and both ends of the body. What is left out begins and
 * ends with an event each time: runs of other people's events.
 */
function aroundEvent(body: SignedBody, index: number): Piece[] {
  const last = body.segments.length - 1;
  const edges = edgesOf(body).get(entryAt(body, index) ?? -1) ?? [];
  const shown = [...new Set([0, index - 1, index, index + 1, last, ...edges])].sort((a, b) => a - b);
  return shown.flatMap((place, at) => {
    const from = (shown[at - 1] ?? -1) + 1;
    return from < place ? [run(body, from, place), single(body, place)] : [single(body, place)];
  });
}

function run(body: SignedBody, from: number, to: number): Piece {
  const offsets = offsetsOf(body);
  const length = (offsets[to] ?? 0) - (offsets[from] ?? 0);
  return { place: from, reference: { kind: 'm', length, hash: listHashOf(body) } };
}

const entryAt = (body: SignedBody, place: number): number | undefined => body.entryIndexes[(place - 1) / 2];

/** Every event of a body asks, and the answer is made once: else a body of many would cost its length for each of them. */
function once<T>(make: (body: SignedBody) => T): (body: SignedBody) => T {
  const made = new WeakMap<SignedBody, { readonly value: T }>();
  return (body) => {
    const known = made.get(body) ?? { value: make(body) };
    made.set(body, known);
    return known.value;
  };
}

/** Where each segment begins; last, the length of the body. */
const offsetsOf = once(({ segments }) => {
  const offsets = [0];
  for (const { bytes } of segments) offsets.push((offsets.at(-1) ?? 0) + bytes.length);
  return offsets;
});

/** By entry of the body: what lies around its lists of events. */
const edgesOf = once((body) => {
  const edges = new Map<number, number[]>();
  body.segments.forEach(({ kind, bytes }, place) => {
    if (kind === 'e' || SEPARATOR.test(bytes.toString('latin1'))) return;
    for (const entry of new Set([entryAt(body, place - 1), entryAt(body, place + 1)])) {
      if (entry !== undefined) edges.set(entry, [...(edges.get(entry) ?? []), place]);
    }
  });
  return edges;
});

/** Commits to every piece of the body by what a whole list would say of it: the same in all entries that are made from the body. */
const listHashOf = once((body) =>
  sha256(Buffer.from(JSON.stringify(body.segments.map((_, place) => listedSegment(reference(body, place)))))),
);

const nonceOf = (body: SignedBody, place: number): Buffer => body.nonces.get(place) ?? Buffer.alloc(0);

/**
 * Whether the bytes around the events hold nothing but Meta's envelope, and so may be kept in clear. Were Meta to add a
 * field there, it could say something of a person.
 */
export const hasPlainEnvelope = once(isPlainEnvelope);

function isPlainEnvelope({ segments }: SignedBody): boolean {
  const text = segments.map(({ kind, bytes }) => (kind === 'p' ? bytes.toString('utf8') : 'null')).join('');
  let envelope: unknown;
  try {
    envelope = JSON.parse(text);
  } catch {
    return false;
  }
  if (!hasOnly(envelope, ENVELOPE_KEYS) || envelope.object !== 'page' || !Array.isArray(envelope.entry)) return false;
  return envelope.entry.every(
    (entry: unknown) =>
      hasOnly(entry, ENTRY_KEYS) && isNumeric(entry.id) && isNumeric(entry.time ?? 0) && hasNoEvents(entry),
  );
}

function hasOnly(value: unknown, keys: ReadonlySet<string>): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.keys(value).every((key) => keys.has(key));
}

const isNumeric = (value: unknown): boolean =>
  typeof value === 'number' || (typeof value === 'string' && /^[0-9]{1,32}$/.test(value));

const hasNoEvents = (entry: Record<string, unknown>): boolean =>
  ['messaging', 'standby', 'changes'].every((channel) => {
    const events = entry[channel] ?? [];
    return Array.isArray(events) && events.every((event) => event === null);
  });
