import { erasedAccountMac } from '../erasure';
import { readLogEnds } from '../ledger';
import type { RowId } from '../sql.types';
import { findInForceAgain, NOTHING_AGAIN } from './end-again';
import { movedBuckets } from './buckets';
import type { RestoreDeps, RestorePlan } from './restore.types';
import {
  countRunning,
  findInstallation,
  readAccounts,
  readEndingPages,
  readPages,
  readPeopleOf,
  readRecordedRings,
  type StoredAccount,
} from './restore.store';
import { compareRings, pageOfRing, type RingDifferences } from './rings.rules';

/**
 * What applying erasures again would come to. Changes nothing.
 *
 * @throws {LogHaltedError} `log_unsigned` when the checkpoint beside the key ring is not of this log
 */
export const makeExamineRestore = (deps: RestoreDeps) => async (): Promise<RestorePlan> => {
  const { db } = deps;
  const { size: stored, signed } = await readLogEnds(db, deps);
  const installation = await findInstallation(db);
  const accounts = await findDeletedAccounts(deps);
  const deleted = new Set(accounts.map(({ id }) => id));
  const rings = await differences(deps, deleted);
  const isNeeded =
    signed > stored ||
    rings.ahead.length > 0 ||
    rings.missing.length > 0 ||
    accounts.some(({ isEnding }) => !isEnding) ||
    (installation?.restoringAt ?? null) !== null;
  const again = isNeeded ? await findInForceAgain(deps) : NOTHING_AGAIN;
  return {
    isNeeded,
    entries: { stored, signed },
    ...(await countPeople(deps, deleted, new Set(rings.missing))),
    peopleUnsubscribed: again.leadIds.length,
    apiKeysRevoked: again.apiKeyIds.length,
    accountsDeleted: deleted.size,
    broadcastsHeld: isNeeded ? await countRunning(db) : 0,
    rings: { older: rings.older, missing: rings.missing, unknown: rings.unknown },
  };
};

/** Accounts that are stored although their deletion has begun, by what lies beside the key ring. */
export async function findDeletedAccounts({ db, keyRing, erasedAccounts }: RestoreDeps): Promise<StoredAccount[]> {
  const erased = new Set((await erasedAccounts.all()).map((mac) => mac.toString('hex')));
  if (erased.size === 0) return [];
  return (await readAccounts(db)).filter(({ uuid }) => erased.has(erasedAccountMac(keyRing, uuid).toString('hex')));
}

/** Rings of Pages that go with their account are not missed. */
async function differences({ db, rings }: RestoreDeps, deleted: ReadonlySet<RowId>): Promise<RingDifferences> {
  const rows = await readRecordedRings(db);
  const found = compareRings(
    new Map((await rings()).map(({ ring, generation }) => [ring, generation])),
    new Map(rows.map(({ ring, generation }) => [ring, generation])),
  );
  const ending = new Set(await readEndingPages(db));
  const gone = new Set((await readPages(db)).filter(({ accountId }) => deleted.has(accountId)).map(({ uuid }) => uuid));
  const missing = found.missing.filter((ring) => {
    const page = pageOfRing(ring);
    return page === null || !(ending.has(page) || gone.has(page));
  });
  return { ...found, missing };
}

async function countPeople(deps: RestoreDeps, deleted: ReadonlySet<RowId>, missing: ReadonlySet<string>) {
  const { db, keyRing } = deps;
  let [peopleErased, peopleUnreadable] = [0, 0];
  for (const page of await readPages(db)) {
    if (deleted.has(page.accountId) || missing.has(`page-${page.uuid}`)) continue;
    await keyRing.reload(page.uuid);
    for await (const { bucket, keys } of movedBuckets(db, keyRing, page)) {
      const people = await readPeopleOf(db, page.id, bucket);
      if (keys === null) peopleUnreadable += people.length;
      else peopleErased += people.filter((uuid) => !keys.has(uuid)).length;
    }
  }
  return { peopleErased, peopleUnreadable };
}
