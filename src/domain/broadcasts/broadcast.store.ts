import type { RowId, Sql, Tx } from '../sql.types';
import type { BroadcastPageRow, BroadcastPurpose, BroadcastRow } from './broadcast.types';

const COLUMNS = `b.id, b.public_id as uuid, b.account_id as "accountId", b.definition_ct as "definitionCt",
  b.content_sha256 as "contentSha256", b.purpose, b.status, b.blocked_reason as "blockedReason",
  b.out_of_window as "outOfWindow", b.scheduled_at as "scheduledAt", b.start_at as "startAt",
  b.rate_per_second as "ratePerSecond", b.start_delay_seconds as "startDelaySeconds",
  b.status_before_pause as "statusBeforePause", b.launched_at as "launchedAt", b.frozen_at as "frozenAt",
  b.completed_at as "completedAt", b.cancelled_at as "cancelledAt", b.created_at as "createdAt",
  b.updated_at as "updatedAt"`;

export const findOwnBroadcast = (sql: Sql, accountId: RowId, uuid: string): Promise<BroadcastRow | undefined> =>
  sql.first<BroadcastRow>(`select ${COLUMNS} from broadcast b where b.account_id = $1 and b.public_id = $2`, [
    accountId,
    uuid,
  ]);

/** Locks the account's broadcast until the end of the transaction. Lock no lead after it. */
export const lockOwnBroadcast = (tx: Tx, accountId: RowId, uuid: string): Promise<BroadcastRow | undefined> =>
  tx.first<BroadcastRow>(`select ${COLUMNS} from broadcast b where b.account_id = $1 and b.public_id = $2 for update`, [
    accountId,
    uuid,
  ]);

/** Without an account: for jobs, which name a broadcast by its public id. */
export const findBroadcast = (sql: Sql, uuid: string): Promise<BroadcastRow | undefined> =>
  sql.first<BroadcastRow>(`select ${COLUMNS} from broadcast b where b.public_id = $1`, [uuid]);

export const lockBroadcast = (tx: Tx, id: RowId): Promise<BroadcastRow | undefined> =>
  tx.first<BroadcastRow>(`select ${COLUMNS} from broadcast b where b.id = $1 for update`, [id]);

/** Newest first. `after` is the public id of the last one of the part before. */
export const listOwnBroadcasts = (
  sql: Sql,
  accountId: RowId,
  after: string | null,
  limit: number,
): Promise<BroadcastRow[]> =>
  sql.rows<BroadcastRow>(
    `select ${COLUMNS} from broadcast b
      where b.account_id = $1
        and ($2::uuid is null or b.id < (select id from broadcast where public_id = $2 and account_id = $1))
      order by b.id desc limit $3`,
    [accountId, after, limit],
  );

export interface DraftFields {
  readonly definitionCt: Buffer;
  readonly contentSha256: Buffer;
  readonly purpose: BroadcastPurpose;
  readonly scheduledAt: Date | null;
  readonly startAt: Date | null;
  readonly ratePerSecond: number | null;
  readonly startDelaySeconds: number;
}

export async function insertBroadcast(
  tx: Tx,
  owner: { readonly uuid: string; readonly accountId: RowId },
  draft: DraftFields,
  now: Date,
): Promise<BroadcastRow | undefined> {
  return tx.first<BroadcastRow>(
    `insert into broadcast as b (public_id, account_id, definition_ct, content_sha256, purpose, status, out_of_window,
       scheduled_at, start_at, rate_per_second, start_delay_seconds, created_at, updated_at)
     values ($1, $2, $3, $4, $5, 'draft', 'skip', $6, $7, $8, $9, $10, $10) returning ${COLUMNS}`,
    [owner.uuid, owner.accountId, ...draftValues(draft), now],
  );
}

export const updateDraft = (tx: Tx, id: RowId, draft: DraftFields, now: Date): Promise<BroadcastRow | undefined> =>
  tx.first<BroadcastRow>(
    `update broadcast b set definition_ct = $2, content_sha256 = $3, purpose = $4, scheduled_at = $5, start_at = $6,
       rate_per_second = $7, start_delay_seconds = $8, updated_at = $9 where b.id = $1 returning ${COLUMNS}`,
    [id, ...draftValues(draft), now],
  );

const draftValues = (draft: DraftFields): unknown[] => [
  draft.definitionCt,
  draft.contentSha256,
  draft.purpose,
  draft.scheduledAt,
  draft.startAt,
  draft.ratePerSecond,
  draft.startDelaySeconds,
];

/** Writes everything that says where the locked broadcast stands. */
export const saveState = (tx: Tx, row: BroadcastRow, now: Date): Promise<BroadcastRow | undefined> =>
  tx.first<BroadcastRow>(
    `update broadcast b set status = $2, blocked_reason = $3, status_before_pause = $4, start_at = $5,
       launched_at = $6, frozen_at = $7, completed_at = $8, cancelled_at = $9, updated_at = $10
      where b.id = $1 returning ${COLUMNS}`,
    [
      row.id,
      row.status,
      row.blockedReason,
      row.statusBeforePause,
      row.startAt,
      row.launchedAt,
      row.frozenAt,
      row.completedAt,
      row.cancelledAt,
      now,
    ],
  );

export const removeBroadcast = (tx: Tx, id: RowId): Promise<number> =>
  tx.run('delete from broadcast where id = $1', [id]);

export const listBroadcastPages = (sql: Sql, broadcastId: RowId): Promise<BroadcastPageRow[]> =>
  sql.rows<BroadcastPageRow>(
    `select p.id as "pageId", p.public_id as uuid, p.meta_page_id as "metaPageId", p.name, p.state as "pageState",
       p.stop_reason as "stopReason", p.opt_in_mode as "optInMode", p.rate_per_second as "ratePerSecond",
       p.notice_version as "noticeVersion", bp.state, bp.blocked_reason as "blockedReason", bp.generation
      from broadcast_page bp join page p on p.id = bp.page_id where bp.broadcast_id = $1 order by p.id`,
    [broadcastId],
  );

/** Makes these the Pages of a broadcast that has not been frozen. */
export async function replacePages(tx: Tx, broadcastId: RowId, pageIds: readonly RowId[]): Promise<void> {
  await tx.run('delete from broadcast_page where broadcast_id = $1 and page_id <> all($2::bigint[])', [
    broadcastId,
    pageIds,
  ]);
  await tx.run(
    `insert into broadcast_page (broadcast_id, page_id, state)
     select $1, page_id, 'open' from unnest($2::bigint[]) as page_id on conflict do nothing`,
    [broadcastId, pageIds],
  );
}

/** Makes these the leads a broadcast names one by one. */
export async function replaceLeads(tx: Tx, broadcastId: RowId, leadIds: readonly RowId[]): Promise<void> {
  await tx.run('delete from broadcast_lead where broadcast_id = $1 and lead_id <> all($2::bigint[])', [
    broadcastId,
    leadIds,
  ]);
  await tx.run(
    `insert into broadcast_lead (broadcast_id, lead_id)
     select $1, l.id from lead l where l.id = any($2::bigint[]) order by l.id on conflict do nothing`,
    [broadcastId, leadIds],
  );
}

export async function listNamedLeads(sql: Sql, broadcastId: RowId): Promise<string[]> {
  const rows = await sql.rows<{ uuid: string }>(
    `select l.public_id as uuid from broadcast_lead bl join lead l on l.id = bl.lead_id
      where bl.broadcast_id = $1 order by l.id`,
    [broadcastId],
  );
  return rows.map((row) => row.uuid);
}
