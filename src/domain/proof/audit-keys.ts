import { InvariantError } from '../../kernel/errors';
import type { KeyRing } from '../keyring.types';
import { isUnknownVersion } from '../leads';

/** Where the key of a lead lies, as far as its rows say. */
export interface KeyPlace {
  readonly pageUuid: string | null;
  readonly bucket: number | null;
  readonly keyVersion: number | null;
  readonly dekWrapped: Buffer | null;
}

export interface PersonIndex {
  readonly metaPageId: string | null;
  readonly psid: string | null;
  readonly psidIndex: Buffer | null;
}

export interface AuditKeys {
  /** The key of a lead; null when what is stored opens none. */
  readonly open: (place: KeyPlace) => Buffer | null;
  /** Whether a person of the Page lies in that bucket and is found there by `index`. Ask it of a place that opened just now. */
  readonly isPlaced: (place: KeyPlace, person: PersonIndex) => boolean;
  /** Versions that the ring did not know and that may have been rotated while the audit ran. */
  readonly unknown: ReadonlySet<string>;
}

/**
 * The keys of leads during one audit. A version that the ring lacks is no finding before a second audit, with the ring read again,
 * has met it too: until then it may have been rotated meanwhile.
 *
 * @param gone versions that an earlier run did not know
 */
export function auditKeys(keyRing: KeyRing, gone: ReadonlySet<string>): AuditKeys {
  const unknown = new Set<string>();
  return {
    unknown,
    open: ({ pageUuid, bucket, keyVersion, dekWrapped }) => {
      if (pageUuid === null || bucket === null || keyVersion === null || dekWrapped === null) return null;
      try {
        return keyRing.unwrapLeadKey(pageUuid, bucket, keyVersion, dekWrapped);
      } catch (error) {
        const version = `${pageUuid}/${bucket}/${keyVersion}`;
        if (isUnknownVersion(error)) {
          if (!gone.has(version)) unknown.add(version);
        } else if (!(error instanceof InvariantError)) throw error;
        return null;
      }
    },
    isPlaced: (place, person) => isPlaced(keyRing, place, person),
  };
}

function isPlaced(
  keyRing: KeyRing,
  { pageUuid, bucket, keyVersion }: KeyPlace,
  { metaPageId, psid, psidIndex }: PersonIndex,
): boolean {
  if (pageUuid === null || bucket === null || keyVersion === null) return false;
  if (metaPageId === null || psid === null || psidIndex === null) return false;
  const index = keyRing.blindIndex(pageUuid, bucket, keyVersion, metaPageId, psid);
  return keyRing.bucketOf(pageUuid, psid) === bucket && index.equals(psidIndex);
}
