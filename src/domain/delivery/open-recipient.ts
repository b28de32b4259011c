import { openField } from '../../kernel/crypto/field-cipher';
import type { KeyRing } from '../keyring.types';
import { onRing, type LeadKeyRow } from '../leads';

/**
 * Opens what is needed to write to a lead.
 *
 * @throws {RingStale} inside a transaction whose caller reads the ring again and repeats it
 */
export function openRecipient(
  keyRing: KeyRing,
  pageUuid: string,
  row: LeadKeyRow & { readonly leadUuid: string },
): { readonly dek: Buffer; readonly psid: string } {
  const dek = onRing(pageUuid, () => keyRing.unwrapLeadKey(pageUuid, row.bucket, row.keyVersion, row.dekWrapped));
  const place = { table: 'lead_key', column: 'psid_ct', row: row.leadUuid };
  return { dek, psid: openField(dek, place, row.psidCt).toString('utf8') };
}
