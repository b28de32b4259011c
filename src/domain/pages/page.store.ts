import type { RowId, Sql, Tx } from '../sql.types';
import type { Page, PageSettings, PageSetup, PageState, PageStop } from './pages.types';

interface PageRow {
  readonly id: RowId;
  readonly public_id: string;
  readonly account_id: RowId;
  readonly meta_page_id: string;
  readonly name: string;
  readonly token_ct: Buffer | null;
  readonly state: PageState;
  readonly stop_reason: string | null;
  readonly stop_code: number | null;
  readonly stop_subcode: number | null;
  readonly stopped_at: Date | null;
  readonly opt_in_mode: Page['optInMode'];
  readonly basis: string;
  readonly addresses_eea: boolean;
  readonly rate_per_second: number;
  readonly time_zone: string;
  readonly quiet_hours: Page['quietHours'];
  readonly notice_version: number;
  readonly setup: PageSetup | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

const COLUMNS = `p.id, p.public_id, p.account_id, p.meta_page_id, p.name, p.token_ct, p.state, p.stop_reason, p.stop_code,
  p.stop_subcode, p.stopped_at, p.opt_in_mode, p.basis, p.addresses_eea, p.rate_per_second, p.time_zone, p.quiet_hours,
  p.notice_version, p.setup, p.created_at, p.updated_at`;

function toStop(row: PageRow): PageStop | null {
  if (row.state !== 'stopped' || row.stop_reason === null || row.stopped_at === null) return null;
  return { reason: row.stop_reason, code: row.stop_code, subcode: row.stop_subcode, at: row.stopped_at };
}

const toPage = (row: PageRow): Page => ({
  id: row.id,
  uuid: row.public_id,
  accountId: row.account_id,
  metaPageId: row.meta_page_id,
  name: row.name,
  tokenCt: row.token_ct,
  state: row.state,
  stop: toStop(row),
  optInMode: row.opt_in_mode,
  basis: row.basis,
  addressesEea: row.addresses_eea,
  ratePerSecond: row.rate_per_second,
  timeZone: row.time_zone,
  quietHours: row.quiet_hours,
  noticeVersion: row.notice_version,
  setup: row.setup,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

async function firstPage(sql: Sql, text: string, values: readonly unknown[]): Promise<Page | undefined> {
  const row = await sql.first<PageRow>(text, values);
  return row === undefined ? undefined : toPage(row);
}

/**
 * Connects and disconnects of one Meta Page happen one after the other, so that two accounts cannot both find it free.
 * The lock ends with the transaction.
 */
export const lockMetaPage = (tx: Tx, metaPageId: string): Promise<number> =>
  tx.run(`select pg_advisory_xact_lock(7100010, hashtext($1))`, [metaPageId]);

/** The Page that Meta's id means now, whoever connected it. Disconnected ones are not found. */
export const findPageByMetaId = (sql: Sql, metaPageId: string): Promise<Page | undefined> =>
  firstPage(sql, `select ${COLUMNS} from page p where p.meta_page_id = $1 and p.state <> 'disconnected'`, [metaPageId]);

/** The account's own Page with this Meta id: the connected one, else the one it disconnected last. */
export const findOwnPageByMetaId = (sql: Sql, accountId: RowId, metaPageId: string): Promise<Page | undefined> =>
  firstPage(
    sql,
    `select ${COLUMNS} from page p where p.account_id = $1 and p.meta_page_id = $2
      order by p.state = 'disconnected', p.id desc limit 1`,
    [accountId, metaPageId],
  );

export const findOwnPageByUuid = (sql: Sql, accountId: RowId, uuid: string): Promise<Page | undefined> =>
  firstPage(sql, `select ${COLUMNS} from page p where p.account_id = $1 and p.public_id = $2`, [accountId, uuid]);

/** Locks the account's Page until the end of the transaction. */
export const lockOwnPage = (tx: Tx, accountId: RowId, pageId: RowId): Promise<Page | undefined> =>
  firstPage(tx, `select ${COLUMNS} from page p where p.account_id = $1 and p.id = $2 for update`, [accountId, pageId]);

export async function listOwnPages(sql: Sql, accountId: RowId, after: string | null, limit: number): Promise<Page[]> {
  const rows = await sql.rows<PageRow>(
    `select ${COLUMNS} from page p
      where p.account_id = $1
        and p.id > coalesce((select id from page where public_id = $2::uuid and account_id = $1), 0)
      order by p.id limit $3`,
    [accountId, after, limit],
  );
  return rows.map(toPage);
}

/** Every Page that may send now, of all accounts: for the sweeper and the workers. */
export async function listActivePages(sql: Sql): Promise<Page[]> {
  return (await sql.rows<PageRow>(`select ${COLUMNS} from page p where p.state = 'active' order by p.id`)).map(toPage);
}

/** Pages of an account whose token is still here, whatever their state. */
export async function listTokenPages(sql: Sql, accountId: RowId): Promise<Page[]> {
  const rows = await sql.rows<PageRow>(
    `select ${COLUMNS} from page p where p.account_id = $1 and p.token_ct is not null order by p.id`,
    [accountId],
  );
  return rows.map(toPage);
}

export interface NewPage {
  readonly uuid: string;
  readonly accountId: RowId;
  readonly metaPageId: string;
  readonly tokenCt: Buffer;
  readonly settings: PageSettings;
  readonly at: Date;
}

/** Writes the Page with all that hangs on it from its first moment: key buckets, pace and send lanes. */
export async function insertPage(tx: Tx, page: NewPage): Promise<RowId | undefined> {
  const { settings } = page;
  const row = await tx.first<{ id: RowId }>(
    `insert into page (public_id, account_id, meta_page_id, name, token_ct, state, opt_in_mode, basis, addresses_eea,
       rate_per_second, accept_risk_above_40, time_zone, quiet_hours, created_at, updated_at)
     values ($1, $2, $3, $4, $5, 'active', $6, $7, $8, $9, $9 > 40, $10, $11, $12, $12)
     returning id`,
    [
      page.uuid,
      page.accountId,
      page.metaPageId,
      settings.name,
      page.tokenCt,
      settings.optInMode,
      settings.basis,
      settings.addressesEea,
      settings.ratePerSecond,
      settings.timeZone,
      settings.quietHours,
      page.at,
    ],
  );
  if (row === undefined) return undefined;
  await tx.run('insert into key_bucket (page_id, bucket, key_version) select $1, generate_series(0, 1023), 1', [
    row.id,
  ]);
  await tx.run('insert into page_pace (page_id, next_free_at) values ($1, $2)', [row.id, page.at]);
  await tx.run('insert into page_lane (page_id, lane) values ($1, 0), ($1, 1)', [row.id]);
  return row.id;
}

export const updateSettings = (tx: Tx, pageId: RowId, settings: PageSettings, at: Date): Promise<number> =>
  tx.run(
    `update page set name = $2, opt_in_mode = $3, basis = $4, addresses_eea = $5, rate_per_second = $6,
       accept_risk_above_40 = $6 > 40, time_zone = $7, quiet_hours = $8, updated_at = $9
      where id = $1`,
    [
      pageId,
      settings.name,
      settings.optInMode,
      settings.basis,
      settings.addressesEea,
      settings.ratePerSecond,
      settings.timeZone,
      settings.quietHours,
      at,
    ],
  );

export const replaceToken = (tx: Tx, pageId: RowId, tokenCt: Buffer, at: Date): Promise<number> =>
  tx.run('update page set token_ct = $2, updated_at = $3 where id = $1', [pageId, tokenCt, at]);

export const reactivatePage = (tx: Tx, pageId: RowId, at: Date): Promise<number> =>
  tx.run(
    `update page set state = 'active', stop_reason = null, stop_code = null, stop_subcode = null, stopped_at = null,
       updated_at = $2
      where id = $1`,
    [pageId, at],
  );

export const dropToken = (tx: Tx, pageId: RowId, at: Date): Promise<number> =>
  tx.run(
    `update page set state = 'disconnected', token_ct = null, setup = null, stop_reason = null, stop_code = null,
       stop_subcode = null, stopped_at = null, updated_at = $2
      where id = $1`,
    [pageId, at],
  );

export const recordSetup = (sql: Sql, pageId: RowId, setup: PageSetup): Promise<number> =>
  sql.run(`update page set setup = $2 where id = $1 and state <> 'disconnected'`, [pageId, setup]);

/** Changes nothing when the Page was set up anew since `former` was read. */
export const replaceSetup = (sql: Sql, pageId: RowId, former: PageSetup, setup: PageSetup): Promise<number> =>
  sql.run(`update page set setup = $3 where id = $1 and setup = $2::jsonb and state <> 'disconnected'`, [
    pageId,
    JSON.stringify(former),
    setup,
  ]);

export const SUBSCRIPTION_ENDED = 'subscription_ended';

/** Stops what is active of an account. @returns the Pages it stopped */
export async function stopPagesOfAccount(tx: Tx, accountId: RowId, at: Date): Promise<RowId[]> {
  const rows = await tx.rows<{ id: RowId }>(
    `update page set state = 'stopped', stop_reason = $2, stopped_at = $3, updated_at = $3
      where account_id = $1 and state = 'active' returning id`,
    [accountId, SUBSCRIPTION_ENDED, at],
  );
  return rows.map(({ id }) => id);
}

/** Makes those active again that were stopped for that reason alone. @returns which */
export async function startPagesOfAccount(tx: Tx, accountId: RowId, at: Date): Promise<RowId[]> {
  const rows = await tx.rows<{ id: RowId }>(
    `select id from page where account_id = $1 and state = 'stopped' and stop_reason = $2 order by id for update`,
    [accountId, SUBSCRIPTION_ENDED],
  );
  for (const { id } of rows) await reactivatePage(tx, id, at);
  return rows.map(({ id }) => id);
}

/** Stops that Meta's answer to a call gives rise to; notifications have reasons of their own. */
export type PageFaultReason = 'page_token' | 'page_permission' | 'page_policy' | 'page_billing';

export interface StopFault {
  readonly reason: string;
  readonly code: number | null;
  readonly subcode: number | null;
  /** The token the refused call was made with, as the Page had it: an answer about a token replaced since stops nothing. */
  readonly tokenCt?: Buffer | null;
}

/**
 * Ends all sends of a Page until its token is replaced or it is connected again.
 *
 * @returns false when it was not active any more, so that its account is warned once
 */
export async function stopPage(tx: Tx, pageId: RowId, fault: StopFault): Promise<boolean> {
  const touched = await tx.run(
    `update page set state = 'stopped', stop_reason = $2, stop_code = $3, stop_subcode = $4,
       stopped_at = statement_timestamp(), updated_at = statement_timestamp()
      where id = $1 and state = 'active' and ($5::bytea is null or token_ct = $5)`,
    [pageId, fault.reason, fault.code, fault.subcode, fault.tokenCt ?? null],
  );
  return touched === 1;
}
