import { erasedAccountMac, goneAccountMac } from '../erasure';
import type { KeyRing } from '../keyring.types';
import type { RowId, Tx } from '../sql.types';
import { isUnknownVersion } from './audit-keys';
import { readEndingPages } from './audit.store';

/** Pages of accounts that are being deleted: their keys are gone, their rows are going. */
export interface EndingPages {
  readonly ids: readonly RowId[];
  /** Their accounts, by the UUID of the Page. */
  readonly accounts: ReadonlyMap<string, RowId>;
}

/**
 * Rows that say so are anybody's. The key ring must lack the Page, and what lies beside it must say that the deletion of this very
 * account has begun and has not come to its end.
 */
export async function endingPages(
  tx: Tx,
  keyRing: Pick<KeyRing, 'systemKey' | 'bucketVersions'>,
  erased: readonly Buffer[],
): Promise<EndingPages> {
  const known = new Set(erased.map((mac) => mac.toString('hex')));
  const isKnown = (mac: Buffer): boolean => known.has(mac.toString('hex'));
  const pages = (await readEndingPages(tx)).filter(
    ({ uuid, accountUuid }) =>
      isKnown(erasedAccountMac(keyRing, accountUuid)) &&
      !isKnown(goneAccountMac(keyRing, accountUuid)) &&
      isGone(keyRing, uuid),
  );
  return { ids: pages.map(({ id }) => id), accounts: new Map(pages.map(({ uuid, accountId }) => [uuid, accountId])) };
}

function isGone(keyRing: Pick<KeyRing, 'bucketVersions'>, pageUuid: string): boolean {
  try {
    keyRing.bucketVersions(pageUuid, 0);
    return false;
  } catch (error) {
    if (isUnknownVersion(error)) return true;
    throw error;
  }
}
