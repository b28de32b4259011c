import { envelopeSegmentHash, eventSegmentHash } from './ledger/commitment.rules';
import type { Evidence, SegmentReference } from './ledger/entry-body.types';

/** Entries have a size limit; a body with more pieces is described from one person's side only. */
const MOST_SEGMENTS = 101;

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
  /** Two times 64 random bytes, kept nowhere: they hide what lies before and after an event in a body of many. */
  readonly outerNonces: readonly [before: Buffer, after: Buffer];
}

/** What an entry says of the body it rests on, for the event at `index` among the segments. */
export function evidenceOf(body: SignedBody, index: number): Evidence {
  const { receivedAt, header, secretId } = body;
  const length = body.segments.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const isLong = body.segments.length > MOST_SEGMENTS;
  const segments = isLong ? ownSide(body, index) : body.segments.map((_, place) => reference(body, place));
  return { receivedAt, header, index: isLong ? 1 : index, length, secretId, segments };
}

function reference(body: SignedBody, place: number): SegmentReference {
  const { kind, bytes } = body.segments[place] ?? { kind: 'p', bytes: Buffer.alloc(0) };
  const hash = kind === 'p' ? envelopeSegmentHash(bytes) : eventSegmentHash(bytes, nonceOf(body, place));
  return { kind, length: bytes.length, hash };
}

/** Everything before, the event, everything after. The outer two stay withheld: they hold other people's events. */
function ownSide(body: SignedBody, index: number): SegmentReference[] {
  const withheld = (from: number, to: number, nonce: Buffer): SegmentReference => {
    const bytes = Buffer.concat(body.segments.slice(from, to).map((segment) => segment.bytes));
    return { kind: 'e', length: bytes.length, hash: eventSegmentHash(bytes, nonce) };
  };
  const [before, after] = body.outerNonces;
  return [withheld(0, index, before), reference(body, index), withheld(index + 1, body.segments.length, after)];
}

const nonceOf = (body: SignedBody, place: number): Buffer => body.nonces.get(place) ?? Buffer.alloc(0);

/**
 * Whether the bytes around the events hold nothing but Meta's envelope, and so may be kept in clear. Were Meta to add a
 * field there, it could say something of a person.
 */
export function hasPlainEnvelope(body: Pick<SignedBody, 'segments'>): boolean {
  const text = body.segments.map(({ kind, bytes }) => (kind === 'p' ? bytes.toString('utf8') : 'null')).join('');
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
