import { sealField } from '../../kernel/crypto/field-cipher';
import type { Ids } from '../../kernel/ids';
import type { KeyRing } from '../keyring.types';
import type { LeadStatus } from '../lead-status.types';
import type { Tx } from '../sql.types';
import { openLead, psidPlace, webToken, webTokenSha256 } from './lead-keys';
import { LeadRaceLost, onRing } from './lead-transaction';
import { insertLead, lockLeadByIndex, shareBucket, type FirstContact } from './lead.store';
import type { LeadPage, OpenLead } from './lead.types';

const DEK_BYTES = 32;
const SUBJECT_REF_BYTES = 16;

export interface FindLeadDeps {
  readonly keyRing: KeyRing;
  readonly ids: Ids;
}

/** Where a person of a Page would lie, held steady against rotation until the transaction ends. */
export interface PersonPlace {
  readonly bucket: number;
  readonly keyVersion: number;
  readonly psidIndex: Buffer;
}

/** Finds out where the person lies. Every look-up or creation goes through it: the bucket stays shared-locked. */
export async function placePerson(
  tx: Tx,
  { keyRing }: Pick<FindLeadDeps, 'keyRing'>,
  page: LeadPage,
  psid: string,
): Promise<PersonPlace> {
  const bucket = onRing(page.uuid, () => keyRing.bucketOf(page.uuid, psid));
  const keyVersion = await shareBucket(tx, page.id, bucket);
  const psidIndex = onRing(page.uuid, () => keyRing.blindIndex(page.uuid, bucket, keyVersion, page.metaPageId, psid));
  return { bucket, keyVersion, psidIndex };
}

/** Locks and opens the lead at `place`, or answers null when the person is not known. */
export async function lockLeadAt(
  tx: Tx,
  { keyRing }: Pick<FindLeadDeps, 'keyRing'>,
  page: LeadPage,
  place: PersonPlace,
): Promise<OpenLead | null> {
  const row = await lockLeadByIndex(tx, page.id, place.bucket, place.psidIndex);
  return row === undefined ? null : openLead(keyRing, page, row);
}

export interface NewPerson {
  readonly psid: string;
  readonly status: LeadStatus;
  readonly at: Date;
  readonly contact: FirstContact;
  /** Of the chain they bring along; a new one unless told. */
  readonly subjectRef?: Buffer;
}

/**
 * Makes the lead of a person who was not found at `place`.
 *
 * @throws {LeadRaceLost} when another transaction made it meanwhile
 */
export async function createLead(
  tx: Tx,
  { keyRing, ids }: FindLeadDeps,
  page: LeadPage,
  place: PersonPlace,
  person: NewPerson,
): Promise<OpenLead> {
  const uuid = ids.uuid();
  const dek = ids.bytes(DEK_BYTES);
  const row = await insertLead(tx, page, {
    uuid,
    status: person.status,
    subjectRef: person.subjectRef ?? ids.bytes(SUBJECT_REF_BYTES),
    webTokenSha256: webTokenSha256(webToken(dek)),
    bucket: place.bucket,
    keyVersion: place.keyVersion,
    psidIndex: place.psidIndex,
    dekWrapped: onRing(page.uuid, () => keyRing.wrapLeadKey(page.uuid, place.bucket, place.keyVersion, dek)),
    psidCt: sealField(dek, psidPlace(uuid), person.psid),
    createdAt: person.at,
    contact: person.contact,
  });
  if (row === undefined) throw new LeadRaceLost();
  return { row, dek, psid: person.psid };
}
