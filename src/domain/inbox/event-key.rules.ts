import { createHmac } from 'node:crypto';
import type { ParsedEvent } from './inbound.types';

const MAC_BYTES = 16;

/**
 * Recognises an event that Meta delivers again, in this body or another. Keyed with the person's own key, so that it
 * says nothing to anybody else and nothing at all once that key is gone.
 */
export function eventMac(dek: Buffer, event: ParsedEvent): Buffer {
  const key = JSON.stringify([event.channel, event.kind, ...identityOf(event)]);
  return createHmac('sha256', dek).update(`assent/event/v1|${key}`).digest().subarray(0, MAC_BYTES);
}

function identityOf(event: ParsedEvent): readonly (string | number | null)[] {
  if (event.kind === 'message' || event.kind === 'message_deleted') return [event.mid];
  if (event.kind === 'message_edit') return [event.mid, event.editNumber, event.atMs];
  if (event.kind === 'reaction') return [event.mid, event.action, event.atMs];
  if (event.kind === 'postback') return event.mid === null ? [event.atMs, event.payload] : [event.mid];
  if (event.kind === 'referral') return [event.atMs, event.referral.ref, event.referral.source];
  if (event.kind === 'optin_plugin') return [event.atMs, event.ref, event.userRef];
  if (event.kind === 'marketing_optin') return [event.atMs, event.status, event.token];
  return [event.atMs ?? event.entryAtMs];
}

/** The same moment of the same person always makes the same id: what it causes cannot happen twice. */
export function causeOf(mac: Buffer): string {
  const bytes = Buffer.from(mac);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
