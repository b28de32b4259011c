import { batchesOf } from '../../kernel/batches';
import type { RowId, Sql } from '../sql.types';
import { endedKeyMac, withdrawnMac } from './ended.rules';
import { readLiveKeys, readSubscribed, revokeKeys, type SubscribedRow } from './ended.store';
import type { RestoreDeps } from './restore.types';

const BATCH_LEADS = 5_000;
const BEFORE_ALL: RowId = '0';

/** What is in force in a database that was set back, and ended since. */
export interface InForceAgain {
  readonly leadIds: readonly RowId[];
  readonly apiKeyIds: readonly RowId[];
}

export const NOTHING_AGAIN: InForceAgain = { leadIds: [], apiKeyIds: [] };

export async function findInForceAgain({ db, keyRing, ended }: RestoreDeps): Promise<InForceAgain> {
  const known = await ended.all();
  if (known.size === 0) return NOTHING_AGAIN;
  const key = keyRing.systemKey('ended');
  const leadIds: RowId[] = [];
  for await (const rows of batchesOf<SubscribedRow>((last) => readSubscribed(db, last?.id ?? BEFORE_ALL, BATCH_LEADS)))
    for (const { id, uuid, chainN } of rows) {
      // An entry with a higher number than the newest here is one that is lost.
      if ((known.get(withdrawnMac(key, uuid).toString('hex')) ?? 0) > chainN) leadIds.push(id);
    }
  return { leadIds, apiKeyIds: await liveKeys(db, key, known) };
}

async function liveKeys(sql: Sql, key: Buffer, known: ReadonlyMap<string, number>): Promise<RowId[]> {
  const keys = await readLiveKeys(sql);
  return keys.flatMap(({ id, uuid }) => (known.has(endedKeyMac(key, uuid).toString('hex')) ? [id] : []));
}

/** Unsubscribes again whoever did since the backup, and revokes API keys again. Repeatable. */
export async function endAgain(deps: RestoreDeps): Promise<void> {
  const { leadIds, apiKeyIds } = await findInForceAgain(deps);
  for (const id of leadIds) await deps.withdrawLead(id);
  await revokeKeys(deps.db, apiKeyIds, deps.clock.now());
}
