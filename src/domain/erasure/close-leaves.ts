import { chainEndMac, closedLeafMac, type ClosedState } from '../ledger';
import type { KeyRing } from '../keyring.types';
import type { RowId, Tx } from '../sql.types';
import { closeLeafRows, readChainEnds, readLeavesOfAccount, readLeavesOfLeads } from './close-leaves.store';
import { closedPageMac, readAccountPages } from './closed-page';

type SystemKeys = Pick<KeyRing, 'systemKey'>;

/**
 * The leaves of people's entries lose their way to them: what is left of them in the log says nothing.
 *
 * @param state erased for their own sake, closed with their account, or lost with their keys @returns how many
 */
export const closeLeaves = async (
  tx: Tx,
  keyRing: SystemKeys,
  leadIds: readonly RowId[],
  state: ClosedState,
): Promise<number> => close(tx, keyRing, await readLeavesOfLeads(tx, leadIds), { state });

/** Entries that stand in clear go with the account. @returns how many leaves it closed */
export const closeLeavesOfAccount = async (tx: Tx, keyRing: SystemKeys, accountId: RowId): Promise<number> =>
  close(tx, keyRing, await readLeavesOfAccount(tx, accountId), { state: 'closed' });

/**
 * Closes the leaves of people with their account, and marks the last one of everybody who could be written to: the chain that ends there
 * was whole then. The mark says nothing of whom it is.
 *
 * @returns how many leaves it closed
 */
export async function closeChains(
  tx: Tx,
  keyRing: SystemKeys,
  { id, accountId }: { readonly id: RowId; readonly accountId: RowId },
  leadIds: readonly RowId[],
): Promise<number> {
  const pages = (await readAccountPages(tx, accountId)).map((page) => ({
    id: page.id,
    mac: closedPageMac(keyRing, page.metaPageId),
  }));
  const ends = new Map((await readChainEnds(tx, id, pages, leadIds)).map(({ index, closing }) => [index, closing]));
  return close(tx, keyRing, await readLeavesOfLeads(tx, leadIds), { state: 'closed', ends });
}

interface Closing {
  readonly state: ClosedState;
  /** Which closing the chain that ends in a leaf ended with, by the leaf. */
  readonly ends?: ReadonlyMap<string, string>;
}

async function close(tx: Tx, keyRing: SystemKeys, indexes: readonly string[], closing: Closing): Promise<number> {
  if (indexes.length === 0) return 0;
  const key = keyRing.systemKey('closed-leaf');
  const { state, ends } = closing;
  const rows = indexes.map((index) => {
    const end = ends?.get(index);
    return {
      index,
      mac: closedLeafMac(key, Number(index), state),
      endMac: end === undefined ? null : chainEndMac(key, Number(index), end),
    };
  });
  return closeLeafRows(tx, state, rows);
}
