import { createHash, createHmac } from 'node:crypto';
import { openField, type FieldPlace } from '../../kernel/crypto/field-cipher';
import type { KeyRing } from '../keyring.types';
import { onRing } from './lead-transaction';
import type { KeyedLeadRow, LeadPage, OpenLead } from './lead.types';

export const psidPlace = (leadUuid: string): FieldPlace => ({ table: 'lead_key', column: 'psid_ct', row: leadUuid });

/**
 * Unwraps a lead's key and opens the page-scoped id under it.
 *
 * @throws {RingStale} inside `leadTransaction` only, which reads the ring again
 */
export function openLead(keyRing: KeyRing, page: Pick<LeadPage, 'uuid'>, row: KeyedLeadRow): OpenLead {
  const dek = onRing(page.uuid, () => keyRing.unwrapLeadKey(page.uuid, row.bucket, row.keyVersion, row.dekWrapped));
  const psid = openField(dek, psidPlace(row.uuid), row.psidCt).toString('utf8');
  return { row, dek, psid };
}

/** The secret in the address of a lead's own unsubscribe page. It follows from the key, so it is stored only hashed. */
export function webToken(dek: Buffer): string {
  return createHmac('sha256', dek).update('assent/web/v1').digest().subarray(0, 16).toString('base64url');
}

export const webTokenSha256 = (token: string): Buffer => createHash('sha256').update(token).digest();

const WEB_TOKEN = /^[A-Za-z0-9_-]{22}$/;

/** What the page behind an address is found by; null for a text that is no such secret. */
export const askedTokenSha256 = (text: string): Buffer | null => (WEB_TOKEN.test(text) ? webTokenSha256(text) : null);

/** Recognises a referral's `ref` without keeping it. */
export function refIndex(keyRing: KeyRing, pageUuid: string, ref: string): Buffer {
  const key = onRing(pageUuid, () => keyRing.pageKey(pageUuid, 'ref'));
  return createHmac('sha256', key).update(ref).digest().subarray(0, 16);
}
