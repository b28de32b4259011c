import { erasedAccountMac, goneAccountMac } from '../erasure';
import type { KeyRing } from '../keyring.types';
import { isRingGone } from '../leads';
import type { RowId, Tx } from '../sql.types';
import { readAccountUuids, readEndingPages } from './audit.store';
import type { Report } from './audit.types';

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
  const isKnown = among(erased);
  const pages = (await readEndingPages(tx)).filter(
    ({ uuid, accountUuid }) =>
      isKnown(erasedAccountMac(keyRing, accountUuid)) &&
      !isKnown(goneAccountMac(keyRing, accountUuid)) &&
      isRingGone(keyRing, uuid),
  );
  return { ids: pages.map(({ id }) => id), accounts: new Map(pages.map(({ uuid, accountId }) => [uuid, accountId])) };
}

/** An account that was deleted to the end is not there, under its own name or another: what it took along may be somebody else's. */
export async function auditDeletedAccounts(
  tx: Tx,
  keyRing: Pick<KeyRing, 'systemKey'>,
  erased: readonly Buffer[],
  report: Report,
): Promise<void> {
  const isKnown = among(erased);
  for (const uuid of await readAccountUuids(tx))
    if (isKnown(goneAccountMac(keyRing, uuid)))
      report('account_deleted', null, null, 'an account is stored whose deletion was carried out');
}

function among(macs: readonly Buffer[]): (mac: Buffer) => boolean {
  const known = new Set(macs.map((mac) => mac.toString('hex')));
  return (mac) => known.has(mac.toString('hex'));
}
