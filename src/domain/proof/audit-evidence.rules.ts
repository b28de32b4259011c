import { sha256 } from '../../kernel/crypto/merkle';
import type { EntryFacts } from './proof.types';

type Evidence = NonNullable<EntryFacts['evidence']>;

/** A piece of a webhook as it is kept. */
export interface KeptPiece {
  readonly position: number;
  readonly bytes: Buffer;
}

export type EvidenceFault = 'evidence_missing' | 'evidence_changed';

/**
 * Whether what lies around a person's event in its body is kept, and is what the entry lists. All of it is kept, or nothing: bytes that
 * hold more than Meta's envelope are not.
 *
 * @param around what is kept of that body, other than events
 * @param places where each piece that the entry lists is kept
 */
export function envelopeFault(
  { segs }: Evidence,
  around: readonly KeptPiece[],
  places: readonly number[],
): EvidenceFault | null {
  const listed = segs.flatMap(([kind, , hash], at) => (kind === 'p' ? [{ position: places[at] ?? -1, hash }] : []));
  // Before there were runs, a body in many pieces was told of in three, and none of the outer two is kept.
  if (listed.length === 0 || around.length === 0) return null;
  const kept = new Map(around.map(({ position, bytes }) => [position, bytes]));
  // Where others are told of in runs, what lies around their events is theirs to list.
  const own = new Set(listed.map(({ position }) => position));
  const isAll = segs.every(([kind]) => kind !== 'm');
  if (isAll && around.some(({ position }) => !own.has(position))) return 'evidence_changed';
  if (listed.some(({ position }) => !kept.has(position))) return 'evidence_missing';
  const isSame = ({ position, hash }: { position: number; hash: string }): boolean =>
    sha256(kept.get(position) ?? Buffer.alloc(0)).toString('hex') === hash;
  return listed.every(isSame) ? null : 'evidence_changed';
}

const LATEST_AFTER_MS = 60_000;
const CHANNELS = ['messaging', 'standby'] as const;
const END = hashOf(']}]}');
const COMMA = hashOf(',');

/**
 * Whether the bytes around the events can only have been Meta's envelope, of which nothing is left out when a webhook is kept: it is
 * written anew with each millisecond after the event for its time, until one has the hash that the entry lists.
 */
export function isKnownEnvelope(
  { page, event_at: eventAt }: Pick<EntryFacts, 'page' | 'event_at'>,
  { segs }: Evidence,
): boolean {
  const [head, ...rest] = segs.flatMap(([kind, length, hash]) => (kind === 'p' ? [{ length, hash }] : []));
  const last = rest.pop();
  if (head === undefined || last?.hash !== END || rest.some(({ hash }) => hash !== COMMA)) return false;
  const from = Date.parse(eventAt ?? '');
  if (!Number.isSafeInteger(from)) return false;
  const forms = headsOf(page).filter((form) => form(from).length === head.length);
  for (let at = from; forms.length > 0 && at <= from + LATEST_AFTER_MS; at += 1) {
    if (forms.some((form) => hashOf(form(at)) === head.hash)) return true;
  }
  return false;
}

/** Source: Messenger Platform, webhook reference, checked 2026-11-23: Meta writes `id` and `time` in either order. */
const headsOf = (page: string): ((time: number) => string)[] =>
  CHANNELS.flatMap((channel) => [
    (time) => `{"object":"page","entry":[{"id":"${page}","time":${time},"${channel}":[`,
    (time) => `{"object":"page","entry":[{"time":${time},"id":"${page}","${channel}":[`,
  ]);

function hashOf(text: string): string {
  return sha256(Buffer.from(text)).toString('hex');
}
