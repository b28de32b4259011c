import type { Clock } from '../../kernel/clock';
import type { Log } from '../../kernel/log';
import { oneByOne, type OneByOne } from '../../kernel/one-by-one';
import { inRounds, type NextRound } from '../../kernel/rounds';
import type { Database, RowId, Tx } from '../sql.types';
import { cutoffsAt } from './retention.rules';
import {
  closeCounts,
  countReceipts,
  deleteOldEvents,
  isOld,
  readCountable,
  readOldLeads,
  type OldLead,
} from './retention.store';

/** People, and broadcasts, of one round; the next goes on. */
const MOST = 1_000;
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
  readonly mostPerRound?: number;
}

export interface AppliedRetention {
  /** Erasures that began. */
  readonly people: number;
  readonly receipts: number;
  readonly events: number;
}

/**
 * Acts on what has been kept long enough. Each step is a transaction of its own and may be repeated; one person who cannot be opened holds up
 * nobody else.
 *
 * @throws what failed, when everything else is done
 */
export function makeApplyRetention(deps: ApplyRetentionDeps) {
  const most = deps.mostPerRound ?? MOST;
  const nextPeople = inRounds<OldLead>(most, ({ id }) => id);
  const nextBroadcasts = inRounds<RowId>(most, (id) => id);
  return async (): Promise<AppliedRetention> => {
    const turns = oneByOne();
    const applied = {
      people: (await turns.run(() => erasePeople(deps, turns, nextPeople))) ?? 0,
      receipts: (await turns.run(() => countAllReceipts(deps, turns, nextBroadcasts))) ?? 0,
      events: (await turns.run(() => deleteOldEvents(deps.db, cutoffsAt(deps.clock.now()).security_log))) ?? 0,
    };
    const count = applied.people + applied.receipts + applied.events;
    if (count > 0) deps.log.event('retention.applied', { count });
    turns.finish();
    return applied;
  };
}

async function erasePeople(
  { db, clock, eraseByAge }: ApplyRetentionDeps,
  turns: OneByOne,
  next: NextRound<OldLead>,
): Promise<number> {
  const cutoffs = cutoffsAt(clock.now());
  let people = 0;
  for (const lead of await next((part) => readOldLeads(db, cutoffs, part))) {
    const hasBegun = await turns.run(() => eraseByAge(lead, (tx, leadId) => isOld(tx, leadId, cutoffs)));
    if (hasBegun === true) people += 1;
  }
  return people;
}

async function countAllReceipts(
  { db, clock }: ApplyRetentionDeps,
  turns: OneByOne,
  next: NextRound<RowId>,
): Promise<number> {
  const now = clock.now();
  const { receipts: before } = cutoffsAt(now);
  let counted = 0;
  for (const id of await next((part) => readCountable(db, before, part)))
    await turns.try(async () => {
      for (let batch = BATCH_RECEIPTS; batch === BATCH_RECEIPTS; counted += batch)
        batch = await db.transaction((tx) => countReceipts(tx, id, before, BATCH_RECEIPTS));
      await db.transaction((tx) => closeCounts(tx, id, before, now));
    });
  return counted;
}
