import { isSameMac } from '../../kernel/crypto/short-mac';
import { groupBy } from '../../kernel/group-by';
import { findAccountUuid } from '../accounts';
import { accountOpeningMac, leadOpeningMac } from '../consent';
import { chainEndMac, closedLeafMac, type ClosedState } from '../ledger';
import type { KeyRing } from '../keyring.types';
import { isRingGone } from '../leads';
import type { RowId, Sql, Tx } from '../sql.types';
import {
  closeLeafRows,
  readEndingChains,
  readLeavesOfAccount,
  readLeavesOfLeads,
  type ClosedLeafRow,
  type LeadLeaf,
} from './close-leaves.store';
import { closedPageMac, forgetClosing, readAccountPages } from './closed-page';

type CloseKeys = Pick<KeyRing, 'systemKey'>;

/** What of an account has no keys any more, by the key ring itself: rows that say which account or Page they are of are anybody's. */
export interface GoneKeys {
  /** UUIDs. */
  readonly pages: ReadonlySet<string>;
  /** UUID; null while its key is there. */
  readonly account: string | null;
}

/** Reads the rings again, for another process may have destroyed them. Not inside of a transaction. */
export async function readGoneKeys(db: Sql, keyRing: KeyRing, accountId: RowId): Promise<GoneKeys> {
  await keyRing.refreshSystemKeys();
  const pages = await readAccountPages(db, accountId);
  for (const { uuid } of pages) await keyRing.reload(uuid);
  const account = await findAccountUuid(db, accountId);
  return {
    pages: new Set(pages.flatMap(({ uuid }) => (isRingGone(keyRing, uuid) ? [uuid] : []))),
    account: account !== null && keyRing.accountKey(account) === null ? account : null,
  };
}

/**
 * The leaves of people's entries lose their way to them: what is left of them in the log says nothing. A leaf closes only when its
 * opening shows that it is theirs, and every one before it in their chain too. Any other stays open, and an audit finds it without an opening:
 * whoever puts an entry of somebody else into the way of an erasure does not get rid of it.
 *
 * @returns how many
 */
export async function closeLeaves(tx: Tx, keyRing: CloseKeys, { leadIds, state, ofBackup }: Closed): Promise<number> {
  const isOwn = ownership(keyRing, ofBackup);
  const chains = groupBy(await readLeavesOfLeads(tx, leadIds), ({ leadId }) => leadId);
  const leaves = [...chains.values()].flatMap((chain) => ownPart(isOwn, chain));
  return close(
    tx,
    keyRing,
    state,
    leaves.map(({ index }) => ({ index })),
  );
}

interface Closed {
  readonly leadIds: readonly RowId[];
  /** Erased for their own sake, closed with their account, or lost with their keys. */
  readonly state: ClosedState;
  /** A backup that is put back may be of a release whose openings do not show whose they are, and nothing may open them any more. */
  readonly ofBackup: boolean;
}

/** Those of a deleted account that stand in clear. @returns how many */
export async function closeLeavesOfAccount(
  tx: Tx,
  keyRing: CloseKeys,
  gone: GoneKeys,
  { accountId, ofBackup }: { readonly accountId: RowId } & Pick<Closed, 'ofBackup'>,
): Promise<number> {
  const key = keyRing.systemKey('opening-owner');
  const leaves = (await readLeavesOfAccount(tx, accountId)).filter(
    ({ entryId, ownerMac, accountUuid }) =>
      accountUuid === gone.account &&
      ((ofBackup && ownerMac === null) || isSameMac(ownerMac, accountOpeningMac(key, entryId, accountUuid))),
  );
  return close(tx, keyRing, 'closed', leaves);
}

/**
 * Closes the leaves of people with their account, and marks the last one of everybody who could be written to: the chain that ends there
 * was whole then. The mark says nothing of whom it is. Where one entry does not show whose it is, it may be the last word of anybody: then
 * nobody of the account comes back.
 *
 * @returns how many leaves it closed
 */
export async function closeChains(
  tx: Tx,
  { keyRing, gone }: { readonly keyRing: CloseKeys; readonly gone: GoneKeys },
  { id, accountId }: { readonly id: RowId; readonly accountId: RowId },
  leadIds: readonly RowId[],
): Promise<number> {
  const pages = (await readAccountPages(tx, accountId)).map((page) => ({
    id: page.id,
    mac: closedPageMac(keyRing, page.metaPageId),
  }));
  const isOwn = ownership(keyRing, false);
  const ending = await readEndingChains(tx, id, pages, leadIds);
  const closings = new Map(ending.map(({ leadId, closing }) => [leadId, closing]));
  const chains = groupBy(await readLeavesOfLeads(tx, leadIds), ({ leadId }) => leadId);
  const owned = [...chains].map(([leadId, chain]) => {
    const isOfPage = chain.every(({ pageUuid }) => gone.pages.has(pageUuid));
    const own = isOfPage ? ownPart(isOwn, chain) : [];
    return { closing: closings.get(leadId), own, isWhole: own.length === chain.length };
  });
  if (owned.some(({ isWhole }) => !isWhole)) await forgetClosing(tx, id);
  const leaves = owned.flatMap(({ closing, own, isWhole }) =>
    own.map(({ index }, at) => ({ index, closing: isWhole && at === own.length - 1 ? closing : undefined })),
  );
  return close(tx, keyRing, 'closed', leaves);
}

/** Whether a leaf shows that it is the n-th of its person. */
type IsOwn = (leaf: LeadLeaf, n: number) => boolean;

function ownership(keyRing: CloseKeys, ofBackup: boolean): IsOwn {
  const key = keyRing.systemKey('opening-owner');
  return (leaf, n) =>
    (ofBackup && leaf.ownerMac === null) || isSameMac(leaf.ownerMac, leadOpeningMac(key, { ...leaf, n }));
}

/** The beginning of a chain, up to the first leaf that is not the next of this person. */
function ownPart(isOwn: IsOwn, chain: readonly LeadLeaf[]): readonly LeadLeaf[] {
  const end = chain.findIndex((leaf, at) => !isOwn(leaf, at + 1));
  return end === -1 ? chain : chain.slice(0, end);
}

interface ClosingLeaf {
  readonly index: string;
  /** With which closing a chain ended there. */
  readonly closing?: string | undefined;
}

async function close(tx: Tx, keyRing: CloseKeys, state: ClosedState, leaves: readonly ClosingLeaf[]): Promise<number> {
  if (leaves.length === 0) return 0;
  const key = keyRing.systemKey('closed-leaf');
  const rows = leaves.map(({ index, closing }): ClosedLeafRow => ({
    index,
    mac: closedLeafMac(key, Number(index), state),
    endMac: closing === undefined ? null : chainEndMac(key, Number(index), closing),
  }));
  return closeLeafRows(tx, state, rows);
}
