import type { RowId } from '../sql.types';
import { findOwnBroadcast, listOwnBroadcasts } from './broadcast.store';
import { summaryOf, viewOf, type BroadcastSummary, type BroadcastView, type ViewDeps } from './broadcast-view';
import { broadcastNotFound } from './broadcasts.errors';
import type { OwnBroadcast } from './control-broadcast';

/** @throws {UserError} `broadcast_not_found` */
export function makeGetBroadcast(deps: ViewDeps) {
  return async ({ accountId, broadcastUuid }: OwnBroadcast): Promise<BroadcastView> => {
    const row = await findOwnBroadcast(deps.db, accountId, broadcastUuid);
    if (row === undefined) throw broadcastNotFound();
    return viewOf(deps, row);
  };
}

export interface ListBroadcastsInput {
  readonly accountId: RowId;
  readonly limit: number;
  /** Public id of the last broadcast of the part before. */
  readonly after?: string | null | undefined;
}

export interface BroadcastList {
  readonly items: readonly BroadcastSummary[];
  /** Pass as `after` to go on; null at the end. */
  readonly next: string | null;
}

/** Newest first, without numbers. */
export function makeListBroadcasts(deps: ViewDeps) {
  return async ({ accountId, limit, after }: ListBroadcastsInput): Promise<BroadcastList> => {
    const found = await listOwnBroadcasts(deps.db, accountId, after ?? null, limit + 1);
    const rows = found.slice(0, limit);
    const items = await Promise.all(rows.map((row) => summaryOf(deps, row)));
    return { items, next: found.length > limit ? (rows.at(-1)?.uuid ?? null) : null };
  };
}
