import type { RowId } from '../sql.types';
import type { DeliveryReason, DeliveryStatus } from './broadcast.types';

/** Deliveries of one Page that share status and reason. */
export interface StatsRow {
  readonly pageId: RowId;
  readonly status: DeliveryStatus;
  readonly reason: DeliveryReason | null;
  readonly count: number;
  readonly delivered: number;
  readonly read: number;
  readonly clicked: number;
  readonly unsubscribed: number;
}

/** Always `audience = pending + sending + held + accepted + rejected + uncertain + sum(skipped)`. */
export interface BroadcastStats {
  readonly audience: number;
  readonly pending: number;
  readonly sending: number;
  readonly held: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly uncertain: number;
  readonly skipped: Readonly<Partial<Record<DeliveryReason, number>>>;
  /** Subsets of `accepted`. */
  readonly delivered: number;
  readonly read: number;
  readonly clicked: number;
  readonly unsubscribed: number;
}

const sum = (rows: readonly StatsRow[], value: (row: StatsRow) => number): number =>
  rows.reduce((total, row) => total + value(row), 0);

/** Adds rows up. Nothing is ever counted anywhere else. */
export function statsOf(rows: readonly StatsRow[]): BroadcastStats {
  const inStatus = (status: DeliveryStatus): number =>
    sum(
      rows.filter((row) => row.status === status),
      (row) => row.count,
    );
  const accepted = rows.filter((row) => row.status === 'accepted');
  const skipped: Partial<Record<DeliveryReason, number>> = {};
  for (const row of rows) {
    if (row.status !== 'skipped' || row.reason === null) continue;
    skipped[row.reason] = (skipped[row.reason] ?? 0) + row.count;
  }
  return {
    audience: sum(rows, (row) => row.count),
    pending: inStatus('pending'),
    sending: inStatus('sending'),
    held: inStatus('held'),
    accepted: inStatus('accepted'),
    rejected: inStatus('rejected'),
    uncertain: inStatus('uncertain'),
    skipped,
    delivered: sum(accepted, (row) => row.delivered),
    read: sum(accepted, (row) => row.read),
    clicked: sum(accepted, (row) => row.clicked),
    unsubscribed: sum(accepted, (row) => row.unsubscribed),
  };
}
