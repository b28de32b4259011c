import type { RowId, Sql } from '../sql.types';
import { listBroadcastPages, listNamedLeads } from './broadcast.store';
import type {
  AccountKey,
  AudienceFilter,
  BroadcastPageRow,
  BroadcastPageState,
  BroadcastRow,
  Definition,
} from './broadcast.types';
import { openDefinition } from './definition';
import { statsOf, type BroadcastStats } from './stats.rules';
import { readStatsRows } from './stats.store';

export interface AudienceView extends AudienceFilter {
  /** null when the audience is not named one by one. */
  readonly leadIds: readonly string[] | null;
}

export interface BroadcastPageView {
  readonly uuid: string;
  readonly metaPageId: string;
  readonly name: string;
  readonly state: BroadcastPageState;
  readonly blockedReason: string | null;
  readonly stats: BroadcastStats;
}

/** A broadcast without its numbers, for lists. */
export type BroadcastSummary = Omit<BroadcastRow, 'id' | 'accountId' | 'definitionCt' | 'contentSha256'> & {
  readonly name: string;
};

export interface BroadcastView extends BroadcastSummary {
  readonly message: Definition['message'];
  readonly audience: AudienceView;
  readonly pages: readonly BroadcastPageView[];
  readonly stats: BroadcastStats;
}

export interface ViewDeps {
  readonly db: Sql;
  readonly accountKey: AccountKey;
}

export async function summaryOf({ accountKey }: ViewDeps, row: BroadcastRow): Promise<BroadcastSummary> {
  return summarise(row, openDefinition(await accountKey(row.accountId), row));
}

const summarise = (row: BroadcastRow, definition: Definition): BroadcastSummary => ({
  uuid: row.uuid,
  name: definition.name,
  purpose: row.purpose,
  status: row.status,
  blockedReason: row.blockedReason,
  outOfWindow: row.outOfWindow,
  scheduledAt: row.scheduledAt,
  startAt: row.startAt,
  ratePerSecond: row.ratePerSecond,
  startDelaySeconds: row.startDelaySeconds,
  statusBeforePause: row.statusBeforePause,
  launchedAt: row.launchedAt,
  frozenAt: row.frozenAt,
  completedAt: row.completedAt,
  cancelledAt: row.cancelledAt,
  createdAt: row.createdAt,
  updatedAt: row.updatedAt,
});

/** Everything the owner may see of a broadcast. */
export async function viewOf(deps: ViewDeps, row: BroadcastRow): Promise<BroadcastView> {
  const definition = openDefinition(await deps.accountKey(row.accountId), row);
  const { byLead, ...filter } = definition.audience;
  const statsRows = await readStatsRows(deps.db, row.id);
  const ofPage = (pageId: RowId): BroadcastStats => statsOf(statsRows.filter((each) => each.pageId === pageId));
  const pages = await listBroadcastPages(deps.db, row.id);
  return {
    ...summarise(row, definition),
    message: definition.message,
    audience: { ...filter, leadIds: byLead ? await listNamedLeads(deps.db, row.id) : null },
    pages: pages.map((page) => pageView(page, ofPage(page.pageId))),
    stats: statsOf(statsRows),
  };
}

const pageView = (page: BroadcastPageRow, stats: BroadcastStats): BroadcastPageView => ({
  uuid: page.uuid,
  metaPageId: page.metaPageId,
  name: page.name,
  state: page.state,
  blockedReason: page.blockedReason,
  stats,
});
