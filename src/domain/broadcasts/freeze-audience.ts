import type { Log } from '../../kernel/log';
import type { RowId, Sql, Tx } from '../sql.types';
import { resolveAudience, type ResolvedAudience } from './audience.store';
import { findBroadcast, listBroadcastPages, lockBroadcast } from './broadcast.store';
import type { AccountKey, AudienceLookups, BroadcastRow, RulesAt } from './broadcast.types';
import { openDefinition } from './definition';
import { insertDeliveries, openFrozenPages } from './freeze.store';
import { LATE_START, save, wake, type ControlDeps } from './launch';
import { countPageStates } from './page-state.store';
import { isLate } from './state.rules';

export type FreezeDeps = ControlDeps & {
  readonly accountKey: AccountKey;
  readonly lookups: AudienceLookups;
  readonly rulesAt: RulesAt;
  readonly log: Log;
};

export type FreezeResult =
  | { readonly kind: 'frozen'; readonly audience: number; readonly status: 'sending' | 'blocked' | 'completed' }
  /** Too late to start without asking; the broadcast is blocked. */
  | { readonly kind: 'late' }
  /** Its start lies ahead: try again after so long. */
  | { readonly kind: 'not_due'; readonly delayMs: number }
  /** It stands elsewhere: frozen before, paused, cancelled or gone. */
  | { readonly kind: 'nothing_to_do' };

/**
 * Turns a prepared broadcast into deliveries, once: the audience is never selected again.
 *
 * Deliveries and the change to `sending` are one transaction. A second run, at the same time or later, does nothing.
 */
export function makeFreezeAudience(deps: FreezeDeps) {
  return async (broadcastUuid: string): Promise<FreezeResult> => {
    const row = await findBroadcast(deps.db, broadcastUuid);
    if (row?.status !== 'preparing') return { kind: 'nothing_to_do' };
    const delayMs = (row.startAt?.getTime() ?? 0) - deps.clock.now().getTime();
    if (delayMs > 0) return { kind: 'not_due', delayMs };
    // Before the transaction: keys may come from files and from other connections.
    const audience = await resolveFrozen(deps, row);
    const done = await deps.db.transaction((tx) => freezeLocked(deps, tx, row, audience));
    if (done === null) return { kind: 'nothing_to_do' };
    if (done.result.kind === 'frozen') {
      await refreshStatistics(deps.db, done.result.audience);
      deps.log.event('broadcast.frozen', { broadcast: row.uuid, count: done.result.audience });
    }
    await wake(deps, done.row);
    return done.result;
  };
}

/** Below this a plan that reads the whole table costs nothing to speak of. */
const STATISTICS_MATTER_FROM_ROWS = 1_000;

/**
 * Tells the planner how large the table has become. Statements are prepared once a connection, and a plan made for a
 * small table would go on reading all of a large one, until PostgreSQL came round to it by itself.
 */
async function refreshStatistics(sql: Sql, rows: number): Promise<void> {
  if (rows >= STATISTICS_MATTER_FROM_ROWS) await sql.run('analyze delivery');
}

async function resolveFrozen(deps: FreezeDeps, row: BroadcastRow): Promise<ResolvedAudience> {
  const { audience } = openDefinition(await deps.accountKey(row.accountId), row);
  const pages = await listBroadcastPages(deps.db, row.id);
  return resolveAudience(deps.db, deps.lookups, {
    accountId: row.accountId,
    pages: pages.map((page) => ({ id: page.pageId, uuid: page.uuid })),
    filter: audience,
    named: audience.byLead ? { kind: 'stored', broadcastId: row.id } : { kind: 'anybody' },
  });
}

interface Frozen {
  readonly row: BroadcastRow;
  readonly result: FreezeResult;
}

async function freezeLocked(
  deps: FreezeDeps,
  tx: Tx,
  read: BroadcastRow,
  audience: ResolvedAudience,
): Promise<Frozen | null> {
  const row = await lockBroadcast(tx, read.id);
  // An edit in between needs its filter resolved anew; its own job does that.
  if (row?.status !== 'preparing' || row.updatedAt.getTime() !== read.updatedAt.getTime()) return null;
  const now = deps.clock.now();
  if (row.startAt !== null && isLate(row.startAt, now)) {
    return { row: await blockLate(tx, row, now), result: { kind: 'late' } };
  }
  const count = await insertDeliveries(tx, row.id, audience, deps.rulesAt(now), now);
  await openFrozenPages(tx, row.id);
  const { status, reason } = await frozenStatus(tx, row.id);
  const completedAt = status === 'completed' ? now : null;
  const saved = await save(tx, { ...row, status, blockedReason: reason, frozenAt: now, completedAt }, now);
  return { row: saved, result: { kind: 'frozen', audience: count, status } };
}

async function frozenStatus(tx: Tx, broadcastId: RowId) {
  const pages = await countPageStates(tx, broadcastId);
  if (pages.open > 0) return { status: 'sending', reason: null } as const;
  if (pages.blocked > 0) return { status: 'blocked', reason: pages.reason } as const;
  return { status: 'completed', reason: null } as const;
}

/** Leaves the decision to a person: resume or launch starts it. */
export const blockLate = (tx: Tx, row: BroadcastRow, now: Date): Promise<BroadcastRow> =>
  save(
    tx,
    { ...row, status: 'blocked', blockedReason: LATE_START, statusBeforePause: row.status, startAt: row.startAt },
    now,
  );
