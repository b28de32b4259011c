import type { RowId, Sql } from '../sql.types';
import { findOwnBroadcast } from './broadcast.store';
import type { DeliveryReason, DeliveryStatus } from './broadcast.types';
import { broadcastNotFound } from './broadcasts.errors';
import type { OwnBroadcast } from './control-broadcast';

/** What happened to one person of an audience, and by what right. */
export interface DeliveryView {
  readonly seq: number;
  /** null until it is claimed for the first time. */
  readonly uuid: string | null;
  readonly metaPageId: string;
  /** null once the lead is erased. */
  readonly leadUuid: string | null;
  readonly status: DeliveryStatus;
  readonly reason: DeliveryReason | null;
  readonly path: string | null;
  readonly basis: string | null;
  readonly consentEntry: string | null;
  readonly noticeVersion: number | null;
  readonly ruleVersion: string;
  readonly attempt: number;
  readonly postStartedAt: Date | null;
  readonly settledAt: Date | null;
  readonly deliveredAt: Date | null;
  readonly readAt: Date | null;
  readonly clickedAt: Date | null;
  readonly unsubscribedAt: Date | null;
  readonly errorCode: number | null;
  readonly errorSubcode: number | null;
}

export interface DeliveryFilter {
  readonly status?: DeliveryStatus | undefined;
  readonly reason?: DeliveryReason | undefined;
}

export interface ListDeliveriesInput extends OwnBroadcast, DeliveryFilter {
  readonly limit: number;
  /** `seq` of the last delivery of the part before. */
  readonly after?: number | null | undefined;
}

export interface DeliveryList {
  readonly items: readonly DeliveryView[];
  /** Pass as `after` to go on; null at the end. */
  readonly next: number | null;
}

/** In the order of the audience. @throws {UserError} `broadcast_not_found` */
export function makeListDeliveries({ db }: { readonly db: Sql }) {
  return async (input: ListDeliveriesInput): Promise<DeliveryList> => {
    const broadcastId = await requireOwn(db, input);
    const found = await readDeliveries(db, broadcastId, input, input.after ?? 0, input.limit + 1);
    const items = found.slice(0, input.limit);
    return { items, next: found.length > input.limit ? (items.at(-1)?.seq ?? null) : null };
  };
}

const CSV_BATCH_ROWS = 1_000;

/** The columns of the CSV, in order. No value of them can hold a comma, a quote or a line break. */
const CSV_COLUMNS: readonly (readonly [string, (row: DeliveryView) => string | number | Date | null])[] = [
  ['seq', (row) => row.seq],
  ['delivery_id', (row) => row.uuid],
  ['page_id', (row) => row.metaPageId],
  ['lead_id', (row) => row.leadUuid],
  ['status', (row) => row.status],
  ['reason', (row) => row.reason],
  ['path', (row) => row.path],
  ['basis', (row) => row.basis],
  ['consent_entry', (row) => row.consentEntry],
  ['notice_version', (row) => row.noticeVersion],
  ['rule_version', (row) => row.ruleVersion],
  ['attempt', (row) => row.attempt],
  ['post_started_at', (row) => row.postStartedAt],
  ['settled_at', (row) => row.settledAt],
  ['delivered_at', (row) => row.deliveredAt],
  ['read_at', (row) => row.readAt],
  ['clicked_at', (row) => row.clickedAt],
  ['unsubscribed_at', (row) => row.unsubscribedAt],
  ['error_code', (row) => row.errorCode],
  ['error_subcode', (row) => row.errorSubcode],
];

/**
 * All deliveries as CSV (RFC 4180), a batch of lines at a time, so that its length costs no memory.
 *
 * @throws {UserError} `broadcast_not_found`, before the first line
 */
export function makeExportDeliveries({ db }: { readonly db: Sql }) {
  return async (input: OwnBroadcast & DeliveryFilter): Promise<AsyncGenerator<string>> => {
    const broadcastId = await requireOwn(db, input);
    return csvLines(db, broadcastId, input);
  };
}

async function* csvLines(sql: Sql, broadcastId: RowId, filter: DeliveryFilter): AsyncGenerator<string> {
  yield `${CSV_COLUMNS.map(([name]) => name).join(',')}\r\n`;
  let after = 0;
  for (;;) {
    const rows = await readDeliveries(sql, broadcastId, filter, after, CSV_BATCH_ROWS);
    if (rows.length > 0) yield rows.map(csvLine).join('');
    after = rows.at(-1)?.seq ?? after;
    if (rows.length < CSV_BATCH_ROWS) return;
  }
}

function csvLine(row: DeliveryView): string {
  const cells = CSV_COLUMNS.map(([, value]) => {
    const cell = value(row);
    return cell instanceof Date ? cell.toISOString() : String(cell ?? '');
  });
  return `${cells.join(',')}\r\n`;
}

async function requireOwn(sql: Sql, { accountId, broadcastUuid }: OwnBroadcast): Promise<RowId> {
  const row = await findOwnBroadcast(sql, accountId, broadcastUuid);
  if (row === undefined) throw broadcastNotFound();
  return row.id;
}

const readDeliveries = (
  sql: Sql,
  broadcastId: RowId,
  { status, reason }: DeliveryFilter,
  after: number,
  limit: number,
): Promise<DeliveryView[]> =>
  sql.rows<DeliveryView>(
    `select d.seq, d.public_id as uuid, p.meta_page_id as "metaPageId", l.public_id as "leadUuid", d.status, d.reason,
       d.path, d.basis, d.consent_entry as "consentEntry", d.notice_version as "noticeVersion",
       d.rule_version as "ruleVersion", d.attempt, d.post_started_at as "postStartedAt", d.settled_at as "settledAt",
       d.delivered_at as "deliveredAt", d.read_at as "readAt", d.clicked_at as "clickedAt",
       d.unsubscribed_at as "unsubscribedAt", d.error_code as "errorCode", d.error_subcode as "errorSubcode"
      from delivery d join page p on p.id = d.page_id left join lead l on l.id = d.lead_id
     where d.broadcast_id = $1 and d.seq > $2
       and ($3::text is null or d.status = $3) and ($4::text is null or d.reason = $4)
     order by d.seq limit $5`,
    [broadcastId, after, status ?? null, reason ?? null, limit],
  );
