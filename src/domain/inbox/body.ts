import { createHmac } from 'node:crypto';
import { openField, sealField, type FieldPlace } from '../../kernel/crypto/field-cipher';
import type { Ids } from '../../kernel/ids';
import type { SignedBody } from '../consent';
import { parseWebhook } from './webhook.rules';
import { eventSpans } from './spans.rules';
import { splitSegments } from './segments.rules';
import type { ParsedEvent, Segment } from './inbound.types';

const LENGTH_BYTES = 4;
const NONCE_BYTES = 64;
const SECRET_ID = /^[0-9a-f]{16}$/;

/** A verified webhook as it arrived. */
export interface ReceivedWebhook {
  readonly bytes: Buffer;
  /** `X-Hub-Signature-256`. */
  readonly header: string;
  /** 16 hex digits that name the app secret which matched. */
  readonly secretId: string;
}

export interface StoredWebhook extends ReceivedWebhook {
  readonly receivedAt: Date;
}

/** Recognises an exact copy of a body of the same day. */
export const copyMac = (dayKey: Buffer, bytes: Buffer): Buffer => createHmac('sha256', dayKey).update(bytes).digest();

const place = (column: string, deliveryId: string): FieldPlace => ({ table: 'inbox', column, row: deliveryId });

export function sealBody(dayKey: Buffer, deliveryId: string, body: StoredWebhook): Buffer {
  const { header, secretId, receivedAt } = body;
  const facts = Buffer.from(JSON.stringify({ received_at: receivedAt.toISOString(), header, secret: secretId }));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(facts.length);
  return sealField(dayKey, place('body_ct', deliveryId), Buffer.concat([length, facts, body.bytes]));
}

export function openBody(dayKey: Buffer, deliveryId: string, sealed: Buffer): StoredWebhook {
  const opened = openField(dayKey, place('body_ct', deliveryId), sealed);
  const bytesAt = LENGTH_BYTES + opened.readUInt32BE(0);
  const facts = JSON.parse(opened.toString('utf8', LENGTH_BYTES, bytesAt)) as Record<
    'received_at' | 'header' | 'secret',
    string
  >;
  return {
    bytes: opened.subarray(bytesAt),
    header: facts.header,
    secretId: facts.secret,
    receivedAt: new Date(facts.received_at),
  };
}

/** A body that was understood, ready to be evidence. */
export interface ReadBody {
  readonly signed: SignedBody;
  readonly events: readonly ParsedEvent[];
}

export interface ReadBodyInput {
  readonly deliveryId: string;
  readonly stored: StoredWebhook;
  /** One after the other, for the events in order; null to make new ones. */
  readonly nonces: Buffer | null;
}

/** Null for a body that is not understood. */
export function readBody(ids: Ids, { deliveryId, stored, nonces }: ReadBodyInput): ReadBody | null {
  const spans = eventSpans(stored.bytes);
  const parsed = parseWebhook(stored.bytes);
  if (!spans.ok || !parsed.ok || !SECRET_ID.test(stored.secretId)) return null;
  const segments = splitSegments(stored.bytes, spans.spans);
  const signed: SignedBody = {
    deliveryId,
    receivedAt: stored.receivedAt,
    header: stored.header,
    secretId: Buffer.from(stored.secretId, 'hex'),
    segments,
    nonces: nonceMap(segments, nonces ?? makeNonces(ids, spans.spans.length)),
    entryIndexes: spans.spans.map(({ entryIndex }) => entryIndex),
  };
  return { signed, events: parsed.events };
}

const makeNonces = (ids: Ids, events: number): Buffer => ids.bytes(events * NONCE_BYTES);

function nonceMap(segments: readonly Segment[], nonces: Buffer): Map<number, Buffer> {
  const map = new Map<number, Buffer>();
  segments.forEach(({ kind }, index) => {
    if (kind === 'e') map.set(index, nonces.subarray(map.size * NONCE_BYTES, (map.size + 1) * NONCE_BYTES));
  });
  return map;
}

/** Seals the nonces of a body of several events, so that every entry made from it says the same of each event. */
export function sealNonces(dayKey: Buffer, { signed }: ReadBody): Buffer {
  return sealField(dayKey, place('nonces_ct', signed.deliveryId), Buffer.concat([...signed.nonces.values()]));
}

export const openNonces = (dayKey: Buffer, deliveryId: string, sealed: Buffer): Buffer =>
  openField(dayKey, place('nonces_ct', deliveryId), sealed);
