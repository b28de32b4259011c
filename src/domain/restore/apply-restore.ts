import { openField } from '../../kernel/crypto/field-cipher';
import { appendSystemEntry, ownOpenings } from '../consent';
import { discardAccount, discardUnreadable, forgetClosedPages, goneAccountMac } from '../erasure';
import { lockBucket, psidPlace, readBucket, storeVersion, type BucketRow, type LeadPage } from '../leads';
import { continueLog } from '../ledger';
import { adoptCalls } from '../recipients';
import type { Tx } from '../sql.types';
import { endAgain } from './end-again';
import { movedBuckets, type MovedBucket } from './buckets';
import { findDeletedAccounts, makeExamineRestore } from './examine-restore';
import { keyRingMissing, keyRingOlder, peopleUnreadable } from './restore.errors';
import type { RestoreDeps, RestorePlan, RestoreResult } from './restore.types';
import { forgetRings, holdEverything, readPages, recordBegun, recordDone, recordRings } from './restore.store';
import { pageOfRing } from './rings.rules';

export interface ApplyRestoreInput {
  /** Gives up people whose keys exist nowhere. */
  readonly acceptsLoss: boolean;
}

/**
 * Makes a restored database fit to serve: the log is what was signed, whoever was erased since is erased again, everybody else has
 * the key that is in force, and nothing is sent that was to be sent when the backup was made. Nobody else may use the database meanwhile.
 * Each step is a transaction that can be repeated; cut off anywhere, it goes on when it is run again, and nothing is served before it is done.
 *
 * @throws {UserError} `key_ring_older`, `key_ring_missing`, `people_unreadable`; then nothing was changed
 * @throws {LogHaltedError} when the log here or its copy is not what was signed
 */
export const makeApplyRestore =
  (deps: RestoreDeps) =>
  async ({ acceptsLoss }: ApplyRestoreInput): Promise<RestoreResult> => {
    const plan = await makeExamineRestore(deps)();
    if (!plan.isNeeded) return { ...plan, entriesLost: 0 };
    requireApplicable(plan, acceptsLoss);
    await begin(deps);
    const entriesLost = await restoreLog(deps);
    await signWaiting(deps);
    await discardAccounts(deps);
    for (const page of await readPages(deps.db)) await moveBuckets(deps, page);
    await ownOpenings(deps);
    await endAgain(deps);
    await signWaiting(deps);
    await adoptCalls(deps);
    await finish(deps);
    deps.log.event('restore.completed', { count: plan.peopleErased });
    return { ...plan, entriesLost };
  };

function requireApplicable({ rings, peopleUnreadable: count }: RestorePlan, acceptsLoss: boolean): void {
  if (rings.older.length > 0) throw keyRingOlder(rings.older);
  if (rings.missing.length > 0) throw keyRingMissing(rings.missing);
  if (count > 0 && !acceptsLoss) throw peopleUnreadable(count);
}

const begin = ({ db, clock, rings }: RestoreDeps): Promise<void> =>
  db.transaction(async (tx) => {
    const at = clock.now();
    if ((await recordBegun(tx, at)) === 1) await holdEverything(tx, at);
    await forgetClosedPages(tx);
    // The one ring that whoever signs holds against its row. The mark of this transaction keeps the database closed.
    await recordRings(
      tx,
      (await rings()).filter(({ ring }) => pageOfRing(ring) === null),
    );
  });

/** @returns how many entries are lost */
const restoreLog = (deps: RestoreDeps): Promise<number> =>
  deps.db.transaction(async (tx) => {
    const continued = await continueLog(tx, deps, deps.clock.now());
    if (continued === null) return 0;
    await enter(tx, deps, 'lost', continued.lost, continued.from);
    return continued.lost;
  });

async function enter(
  tx: Tx,
  deps: RestoreDeps,
  state: 'lost' | 'erased' | 'closed',
  leaves: number,
  size?: number,
): Promise<void> {
  if (leaves === 0) return;
  await appendSystemEntry(tx, deps, null, { kind: 'restore', state, leaves, ...(size === undefined ? {} : { size }) });
}

/** Whoever goes has a leaf for each of their entries then, which is closed. */
async function signWaiting({ sequence }: RestoreDeps): Promise<void> {
  while ((await sequence()).kind === 'signed');
}

async function discardAccounts(deps: RestoreDeps): Promise<void> {
  for (const { id, uuid: accountUuid } of await findDeletedAccounts(deps)) {
    const pages = (await readPages(deps.db)).filter(({ accountId }) => accountId === id);
    for (const { uuid } of pages) await deps.keyRing.dropRing(uuid);
    await deps.keyRing.destroyAccountKey(accountUuid);
    await discardAccount(deps, { accountId: id, at: deps.clock.now() }, (tx, leaves) =>
      enter(tx, deps, 'closed', leaves),
    );
    await deps.erasedAccounts.add(goneAccountMac(deps.keyRing, accountUuid));
  }
}

async function moveBuckets(deps: RestoreDeps, page: LeadPage): Promise<void> {
  await deps.keyRing.reload(page.uuid);
  for await (const moved of movedBuckets(deps.db, deps.keyRing, page))
    await deps.db.transaction((tx) => moveBucket(tx, deps, moved));
}

async function moveBucket(tx: Tx, deps: RestoreDeps, moved: MovedBucket): Promise<void> {
  const { page, bucket, version, target, keys } = moved;
  if ((await lockBucket(tx, page.id, bucket)) !== version) return;
  const rows = await readBucket(tx, page.id, bucket);
  const gone = rows.filter(({ uuid }) => keys?.has(uuid) !== true);
  const state = keys === null ? 'lost' : 'erased';
  const leadIds = gone.map(({ leadId }) => leadId);
  const people = { accountId: page.accountId, leadIds, state, version: target, at: deps.clock.now() } as const;
  if (gone.length > 0) await enter(tx, deps, state, await discardUnreadable(tx, deps, people));
  const kept = rows.flatMap((row) => {
    const dekWrapped = keys?.get(row.uuid);
    return dekWrapped === undefined ? [] : [underTarget(deps, moved, row, dekWrapped)];
  });
  await storeVersion(tx, page.id, bucket, target, kept);
}

function underTarget(
  { keyRing }: RestoreDeps,
  { page, bucket, target }: MovedBucket,
  row: BucketRow,
  dekWrapped: Buffer,
) {
  const dek = keyRing.unwrapLeadKey(page.uuid, bucket, target, dekWrapped);
  const psid = openField(dek, psidPlace(row.uuid), row.psidCt).toString('utf8');
  const psidIndex = keyRing.blindIndex(page.uuid, bucket, target, page.metaPageId, psid);
  return { leadId: row.leadId, psidIndex, dekWrapped };
}

/** The rows of the other rings last: until they fit the files, nothing starts on this database. */
const finish = ({ db, clock, rings, lastSignedAt }: RestoreDeps): Promise<void> =>
  db.transaction(async (tx) => {
    const at = clock.now();
    const files = await rings();
    await forgetRings(tx, files);
    await recordRings(tx, files);
    await recordDone(tx, at, lastSignedAt ?? at);
  });
