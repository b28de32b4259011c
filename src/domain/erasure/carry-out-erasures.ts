import type { Log } from '../../kernel/log';
import type { AppendDeps } from '../consent';
import { dayOf } from '../day-key';
import { openUnread } from '../inbox';
import type { KeyRingCopy } from '../keyring.types';
import { lockLeadRow, onRing, openLead, rotateBucket, settleBucket, type LeadPage } from '../leads';
import { signCertificate } from '../ledger';
import { insertSuppressions, suppressionMac } from '../pages';
import type { Database, RowId, Tx } from '../sql.types';
import { InvariantError } from '../../kernel/errors';
import { oneByOne } from '../../kernel/one-by-one';
import { inRounds } from '../../kernel/rounds';
import { countCallsOfErasure, tellOfLead, type SealedCalls } from '../recipients';
import { certificateText, mayCertify, RECIPIENTS_PATIENCE_MS } from './certificate.rules';
import { closeLeaves } from './close-leaves';
import { closedPageMac, forgetClosedPage } from './closed-page';
import { enterErasure } from './enter-erasure';
import { checkRound, forget, remember, type Remembered } from './check-round';
import { deleteLeads, dropEnvelopes, dropSuppression, forgetMessages, readEntryIds } from './discard-lead.store';
import { readDestroying, readOpenBuckets, readReady, recordComplete, type BucketWork } from './erasure.store';
import type { CheckFootprint, OpenErasure } from './erasure.types';
import { insertTombstones, readReach, tombstoneMac, type Tombstone } from './tombstone';

/** Buckets of one round; the next round goes on with the others. */
const MOST_BUCKETS = 200;
const DAY_MS = 86_400_000;

export interface CarryOutErasuresDeps extends AppendDeps {
  readonly db: Database;
  readonly log: Log;
  /** Null without a second copy of the key ring. */
  readonly keyRingCopy: KeyRingCopy | null;
  /** Deletes the files of archives that were withdrawn. */
  readonly dropBackupFiles: () => Promise<unknown>;
  /** What recipients of the data are to be told. */
  readonly sealedCalls: SealedCalls;
  /** Looks for what is left of those whose rows and keys went in a round. */
  readonly checkFootprint: CheckFootprint;
}

/**
 * Brings every erasure forward that can go on: deletes the rows of leads nothing is under way for, rotates their buckets, destroys the
 * old keys here and in the copy of the key ring, looks once for what is left of all of them, and signs certificates, for which it waits a little for whoever is told. One rotation serves all leads of a bucket. Whatever step a process died in, the next
 * round goes on from what the rows and the ring say.
 *
 * @returns how many were completed
 */
export function makeCarryOutErasures(deps: CarryOutErasuresDeps) {
  const next = inRounds<BucketWork>(MOST_BUCKETS, ({ first }) => first);
  return async (): Promise<number> => {
    const patientSince = new Date(deps.clock.now().getTime() - RECIPIENTS_PATIENCE_MS);
    const buckets = await next((part) => readOpenBuckets(deps.db, { patientSince, ...part }));
    const gone: Remembered[] = [];
    const settled: (BucketWork & { readonly erasureIds: ReadonlySet<RowId> })[] = [];
    const turns = oneByOne();
    for (const work of buckets)
      await turns.try(async () => {
        const destroyed = await destroyKeys(deps, work);
        gone.push(...destroyed.gone);
        settled.push({ ...work, erasureIds: new Set(destroyed.erasureIds) });
      });
    // A copy that cannot be reached keeps every certificate waiting: old keys live on in it.
    const isCopied = await turns.try(async () => buckets.length === 0 || deps.keyRingCopy?.update());
    // Also when a bucket or the copy failed: no later round knows what to look for.
    const isLookedFor = await turns.try(() => checkRound(deps, gone));
    let completed = 0;
    if (isCopied && isLookedFor)
      for (const work of settled) completed += (await turns.run(() => certify(deps, work))) ?? 0;
    if (completed > 0) deps.log.event('erasures.completed', { count: completed });
    turns.finish();
    return completed;
  };
}

interface Destroyed {
  /** What named those whose rows went now. */
  readonly gone: readonly Remembered[];
  /** Erasures whose keys are known to be gone: another process may be at others of the same bucket. */
  readonly erasureIds: readonly RowId[];
}

async function destroyKeys(deps: CarryOutErasuresDeps, work: BucketWork): Promise<Destroyed> {
  const finished = await finishRotation(deps, work);
  if ((await readReady(deps.db, work.pageId, work.bucket)).length === 0) return { gone: [], erasureIds: finished };
  await deps.dropBackupFiles();
  const gone = await deleteRows(deps, work);
  return { gone, erasureIds: [...finished, ...gone.map(({ erasureId }) => erasureId)] };
}

/** A process may have died after the commit that made a new version the one in force: older ones go before anything is certified. */
async function finishRotation(deps: CarryOutErasuresDeps, work: BucketWork): Promise<readonly RowId[]> {
  const left = await readDestroying(deps.db, work.pageId, work.bucket);
  if (left.length === 0) return [];
  await deps.keyRing.reload(work.pageUuid);
  const version = Math.max(...left.map(({ keyVersion }) => keyVersion ?? 0));
  await settleBucket(deps, { id: work.pageId, uuid: work.pageUuid }, work.bucket, version);
  return left.map(({ id }) => id);
}

/** @returns what named those who are gone */
async function deleteRows(deps: CarryOutErasuresDeps, work: BucketWork): Promise<readonly Remembered[]> {
  const page: LeadPage = {
    id: work.pageId,
    uuid: work.pageUuid,
    accountId: work.accountId,
    metaPageId: work.metaPageId,
  };
  const at = deps.clock.now();
  const keyDay = dayOf(at);
  const dayKey = await deps.keyRing.inboxKey(keyDay);
  const forgetUnread = await openUnread(deps);
  const gone: Remembered[] = [];
  const discard = async (tx: Tx, version: number): Promise<void> => {
    // A transaction that was rolled back is run again, and deleted nobody.
    forget(gone.splice(0));
    const tombstones: Tombstone[] = [];
    const psids: string[] = [];
    for (const erasure of await readReady(tx, work.pageId, work.bucket)) {
      const found = await discardLead(tx, deps, { page, erasure, at, version });
      if (found === null) continue;
      gone.push(found.remembered);
      psids.push(found.psid);
      const mac = tombstoneMac(dayKey, page.metaPageId, found.psid);
      tombstones.push({ keyDay, mac, deletedAt: at, reach: found.reach });
    }
    await insertTombstones(tx, tombstones);
    await forgetUnread(tx, psids);
  };
  try {
    await rotateBucket(deps, { page, bucket: work.bucket, discard });
    return gone;
  } catch (error) {
    forget(gone);
    throw error;
  }
}

interface Discarded {
  readonly page: LeadPage;
  readonly erasure: OpenErasure;
  readonly at: Date;
  readonly version: number;
}

/** @returns the person's id and how far to mark it, and what else named them; null when something is under way for the lead after all */
async function discardLead(
  tx: Tx,
  deps: CarryOutErasuresDeps,
  { page, erasure, at, version }: Discarded,
): Promise<(Pick<Tombstone, 'reach'> & { readonly psid: string; readonly remembered: Remembered }) | null> {
  if (erasure.leadId === null) throw new InvariantError('erasure_without_lead', 'an open erasure names no lead');
  const row = await lockLeadRow(tx, erasure.leadId);
  if (row === undefined) throw new InvariantError('erasure_without_lead', 'the lead of an open erasure is gone');
  // Whoever claimed the lead before the lock has committed by now.
  const isReady = (await readReady(tx, page.id, erasure.bucket)).some(({ id }) => id === erasure.id);
  if (!isReady) return null;
  const { psid } = openLead(deps.keyRing, page, row);
  const remembered = remember(erasure.id, { psid, row }, await readEntryIds(tx, row.id));
  const reach = await readReach(tx, row.id, at);
  const leaves = await closeLeaves(tx, deps.keyRing, { leadIds: [row.id], state: 'erased', ofBackup: false });
  const told = { accountId: page.accountId, leadId: row.id, erasureUuid: erasure.uuid, metaPageId: page.metaPageId };
  await tellOfLead(tx, deps, { ...told, psid, at });
  await forgetMessages(tx, row.id);
  await dropEnvelopes(tx, [row.id]);
  await leaveMark(tx, deps, page, { psid, at, keepsMark: erasure.keepsMark });
  await deleteLeads(tx, [row.id]);
  if (row.returnedAt === null) await forgetClosedPage(tx, closedPageMac(deps.keyRing, page.metaPageId), page.accountId);
  await enterErasure(tx, deps, { erasure, leaves, at, version });
  return { psid, reach, remembered };
}

interface Mark {
  readonly psid: string;
  readonly at: Date;
  readonly keepsMark: boolean;
}

/** A mark that the person wishes tells its day alone; one that was brought along goes with everything else. */
async function leaveMark(
  tx: Tx,
  { keyRing }: CarryOutErasuresDeps,
  page: LeadPage,
  { psid, at, keepsMark }: Mark,
): Promise<void> {
  const mac = onRing(page.uuid, () => suppressionMac(keyRing, page.uuid, psid));
  await dropSuppression(tx, page.id, mac);
  if (keepsMark) await insertSuppressions(tx, page.id, [mac], new Date(Math.floor(at.getTime() / DAY_MS) * DAY_MS));
}

async function certify(
  deps: CarryOutErasuresDeps,
  { pageId, bucket, erasureIds }: BucketWork & { readonly erasureIds: ReadonlySet<RowId> },
): Promise<number> {
  let completed = 0;
  for (const erasure of await readDestroying(deps.db, pageId, bucket)) {
    if (!erasureIds.has(erasure.id)) continue;
    const { id, certificateHead: head, commitment, keepsMark, footprint } = erasure;
    if (head === null || commitment === null)
      throw new InvariantError('erasure_without_head', 'an erasure whose rows are gone has no certificate to finish');
    const keysDestroyedAt = deps.clock.now();
    const recipients = await countCallsOfErasure(deps.db, erasure.uuid);
    if (!mayCertify(recipients, erasure.rowsDeletedAt, keysDestroyedAt)) continue;
    const text = certificateText(head, { keysDestroyedAt, commitment, keepsMark, recipients, footprint });
    const certificate = signCertificate(deps, text, keysDestroyedAt);
    completed += await recordComplete(deps.db, id, { certificate, keysDestroyedAt, at: keysDestroyedAt });
  }
  return completed;
}
