import type { Clock } from '../../kernel/clock';
import type { Log } from '../../kernel/log';
import type { Database, RowId, Tx } from '../sql.types';
import { cutoffsAt } from './retention.rules';
import { closeCounts, countReceipts, deleteOldEvents, isOld, readCountable, readOldLeads } from './retention.store';

/** Of one round; the next goes on. */
const MOST_PEOPLE = 1_000;
const MOST_BROADCASTS = 1_000;
const BATCH_RECEIPTS = 10_000;

export interface ApplyRetentionDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  /** Begins the erasure of a lead if, under its lock, `isOver` says so. @returns whether it did */
  readonly eraseByAge: (
    lead: { readonly accountId: RowId; readonly leadUuid: string },
    isOver: (tx: Tx, leadId: RowId) => Promise<boolean>,
  ) => Promise<boolean>;
}

export interface AppliedRetention {
  /** Erasures that began. */
  readonly people: number;
  readonly receipts: number;
  readonly events: number;
}

/** Acts on what has been kept long enough. Each step is a transaction of its own and may be repeated. */
export const makeApplyRetention = (deps: ApplyRetentionDeps) => async (): Promise<AppliedRetention> => {
  const applied = {
    people: await erasePeople(deps),
    receipts: await countAllReceipts(deps),
    events: await deleteOldEvents(deps.db, cutoffsAt(deps.clock.now()).security_log),
  };
  const count = applied.people + applied.receipts + applied.events;
  if (count > 0) deps.log.event('retention.applied', { count });
  return applied;
};

async function erasePeople({ db, clock, eraseByAge }: ApplyRetentionDeps): Promise<number> {
  const cutoffs = cutoffsAt(clock.now());
  let people = 0;
  for (const lead of await readOldLeads(db, cutoffs, MOST_PEOPLE))
    if (await eraseByAge(lead, (tx, leadId) => isOld(tx, leadId, cutoffs))) people += 1;
  return people;
}

async function countAllReceipts({ db, clock }: ApplyRetentionDeps): Promise<number> {
  const now = clock.now();
  const { receipts: before } = cutoffsAt(now);
  let counted = 0;
  for (const id of await readCountable(db, before, MOST_BROADCASTS)) {
    for (let batch = BATCH_RECEIPTS; batch === BATCH_RECEIPTS; counted += batch)
      batch = await db.transaction((tx) => countReceipts(tx, id, before, BATCH_RECEIPTS));
    await db.transaction((tx) => closeCounts(tx, id, before, now));
  }
  return counted;
}
