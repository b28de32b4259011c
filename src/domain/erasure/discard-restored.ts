import type { AppendDeps } from '../consent';
import type { Database, RowId, Tx } from '../sql.types';
import { deleteAccount, dropQuestions, lockSomeLeads } from './account-erasure.store';
import { FOOTPRINT_OF_RESTORED } from './certificate.rules';
import { closeLeaves, closeLeavesOfAccount, readGoneKeys } from './close-leaves';
import { deleteLeads, dropEnvelopes, forgetMessages, withdrawBackups } from './discard-lead.store';
import { enterErasure } from './enter-erasure';
import { dropOpenErasures, keepNoMark, readWaitingOf, recordFootprints } from './erasure.store';

const BATCH_LEADS = 1_000;

export interface UnreadablePeople {
  readonly accountId: RowId;
  readonly leadIds: readonly RowId[];
  /** Erased since the backup that brought them back; or lost, when nobody knows. */
  readonly state: 'erased' | 'lost';
  /** Of their bucket. */
  readonly version: number;
  readonly at: Date;
}

/**
 * Deletes people whom a restored database brought back, and whose keys exist nowhere. An erasure that the database still has open gets
 * its entry and, later, its certificate.
 *
 * @returns how many leaves this closed that no erasure accounts for
 */
export async function discardUnreadable(tx: Tx, deps: AppendDeps, people: UnreadablePeople): Promise<number> {
  const { accountId, leadIds, state, version, at } = people;
  await withdrawBackups(tx, accountId);
  const asked = await readWaitingOf(tx, leadIds);
  for (const erasure of asked) {
    if (erasure.leadId === null) continue;
    const leaves = await closeLeaves(tx, deps.keyRing, {
      leadIds: [erasure.leadId],
      state: 'erased',
      ofBackup: true,
    });
    await enterErasure(tx, deps, { erasure, leaves, at, version });
    // Their page-scoped id is noise, and with it the mark that it would have left.
    await keepNoMark(tx, erasure.id);
    await recordFootprints(tx, [{ erasureId: erasure.id, text: FOOTPRINT_OF_RESTORED }]);
  }
  const leaves = await closeLeaves(tx, deps.keyRing, { leadIds, state, ofBackup: true });
  for (const leadId of leadIds) await forgetMessages(tx, leadId);
  await dropEnvelopes(tx, leadIds);
  await deleteLeads(tx, leadIds);
  return leaves;
}

/**
 * Deletes an account that a restored database brought back, in batches.
 *
 * @param account told of the leaves of each batch, in its transaction
 */
export async function discardAccount(
  { db, keyRing }: Pick<AppendDeps, 'keyRing'> & { readonly db: Database },
  { accountId, at }: { readonly accountId: RowId; readonly at: Date },
  account: (tx: Tx, leaves: number) => Promise<unknown>,
): Promise<void> {
  const gone = await readGoneKeys(db, keyRing, accountId);
  for (let isLast = false; !isLast;) {
    isLast = await db.transaction(async (tx) => {
      const leadIds = await lockSomeLeads(tx, accountId, BATCH_LEADS);
      if (leadIds.length === 0) {
        await dropOpenErasures(tx, accountId);
        await dropQuestions(tx, accountId);
        const leaves = await closeLeavesOfAccount(tx, keyRing, gone, { accountId, ofBackup: true });
        await deleteAccount(tx, accountId, at);
        await account(tx, leaves);
        return true;
      }
      const leaves = await closeLeaves(tx, keyRing, { leadIds, state: 'closed', ofBackup: true });
      await dropEnvelopes(tx, leadIds);
      await deleteLeads(tx, leadIds);
      await account(tx, leaves);
      return false;
    });
  }
}
