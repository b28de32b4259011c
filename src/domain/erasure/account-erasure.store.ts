import { dropMails } from '../mail';
import { callCountsSql, type CallCounts } from '../recipients';
import type { RoundPart } from '../../kernel/rounds';
import type { RowId, Sql, Tx } from '../sql.types';

export type AccountErasureState = 'asked' | 'confirmed' | 'destroying' | 'complete';

export interface AccountErasureView {
  readonly uuid: string;
  readonly code: string;
  readonly state: AccountErasureState;
  readonly askedAt: Date;
  readonly confirmUntil: Date;
  readonly confirmedAt: Date | null;
  readonly keysDestroyedAt: Date | null;
  readonly rowsDeletedAt: Date | null;
  readonly completedAt: Date | null;
  readonly recipients: CallCounts;
  readonly certificate: string | null;
}

const VIEW = `public_id as uuid, code, state, asked_at as "askedAt", confirm_until as "confirmUntil", confirmed_at as "confirmedAt",
  keys_destroyed_at as "keysDestroyedAt", rows_deleted_at as "rowsDeletedAt", completed_at as "completedAt", certificate,
  ${callCountsSql('account_erasure.public_id')} as recipients`;

export interface AskedAccountErasure {
  readonly uuid: string;
  readonly code: string;
  readonly accountId: RowId;
  readonly tokenSha256: Buffer;
  readonly askedAt: Date;
  readonly confirmUntil: Date;
}

/** An earlier question of the account that nobody answered is forgotten: only the newest link counts. */
export async function insertAccountErasure(tx: Tx, asked: AskedAccountErasure): Promise<void> {
  await dropQuestions(tx, asked.accountId);
  await tx.run(
    `insert into account_erasure (public_id, code, account_id, state, token_sha256, asked_at, confirm_until)
     values ($1, $2, $3, 'asked', $4, $5, $6)`,
    [asked.uuid, asked.code, asked.accountId, asked.tokenSha256, asked.askedAt, asked.confirmUntil],
  );
}

export const dropQuestions = (tx: Tx, accountId: RowId): Promise<number> =>
  tx.run(`delete from account_erasure where account_id = $1 and state = 'asked'`, [accountId]);

export const findAccountErasureByCode = (sql: Sql, code: string): Promise<AccountErasureView | undefined> =>
  sql.first(`select ${VIEW} from account_erasure where code = $1 and state <> 'asked'`, [code]);

export interface AskedRow {
  readonly id: RowId;
  readonly code: string;
  readonly accountId: RowId;
  readonly confirmUntil: Date;
}

const ASKED = `select id, code, account_id as "accountId", confirm_until as "confirmUntil" from account_erasure
  where token_sha256 = $1 and state = 'asked' and confirm_until > $2`;

export const findAsked = (sql: Sql, tokenSha256: Buffer, now: Date): Promise<AskedRow | undefined> =>
  sql.first(ASKED, [tokenSha256, now]);

export const lockAsked = (tx: Tx, tokenSha256: Buffer, now: Date): Promise<AskedRow | undefined> =>
  tx.first(`${ASKED} for update`, [tokenSha256, now]);

/** The code of a deletion that was said yes to by this link. */
export async function findAnswered(sql: Sql, tokenSha256: Buffer): Promise<string | undefined> {
  const row = await sql.first<{ code: string }>(
    `select code from account_erasure where token_sha256 = $1 and state <> 'asked'`,
    [tokenSha256],
  );
  return row?.code;
}

export interface Confirmed {
  readonly keyDay: number;
  readonly letterKey: string;
  readonly letterCt: Buffer;
  readonly certificateHead: string;
  readonly at: Date;
}

/** Keys, broadcasts and Pages of the account end with the yes: nothing is sent or taken in from the commit on. */
export async function confirmErasure(tx: Tx, { id, accountId }: AskedRow, confirmed: Confirmed): Promise<void> {
  const { at } = confirmed;
  await tx.run(
    `update account_erasure set state = 'confirmed', confirmed_at = $2, key_day = $3, letter_ct = $4,
       certificate_head = $5, rings = coalesce((select array_agg(public_id order by id) from page where account_id = $6), '{}'),
       letter_key = $7
      where id = $1`,
    [id, at, confirmed.keyDay, confirmed.letterCt, confirmed.certificateHead, accountId, confirmed.letterKey],
  );
  await dropMails(tx, accountId, at);
  await tx.run('update api_key set revoked_at = $2 where account_id = $1 and revoked_at is null', [accountId, at]);
  await tx.run('delete from account_backup where account_id = $1', [accountId]);
  // The token stays until Meta was told.
  await tx.run(`update page set state = 'disconnected', updated_at = $2 where account_id = $1`, [accountId, at]);
  await tx.run(
    `update broadcast_page set state = 'done', blocked_reason = null
      where broadcast_id in (select id from broadcast where account_id = $1)`,
    [accountId],
  );
  await tx.run(
    `update broadcast set status = 'cancelled', cancelled_at = $2, updated_at = $2
      where account_id = $1 and status not in ('draft', 'completed', 'cancelled')`,
    [accountId, at],
  );
}

/** When the newest archive of the account was downloaded; null when none of the last 30 days was. */
export async function lastBackupDownload(sql: Sql, accountId: RowId): Promise<Date | null> {
  const row = await sql.first<{ at: Date | null }>(
    'select max(downloaded_at) as at from account_backup where account_id = $1',
    [accountId],
  );
  return row?.at ?? null;
}

/** What goes, in numbers. */
export interface AccountCounts {
  readonly pages: number;
  readonly leads: number;
  readonly broadcasts: number;
  readonly messages: number;
  readonly entries: number;
  readonly apiKeys: number;
}

export async function countAccount(sql: Sql, accountId: RowId): Promise<AccountCounts> {
  const row = await sql.first<Record<keyof AccountCounts, string>>(
    `select (select count(*) from page where account_id = $1) as pages,
       (select count(*) from lead where account_id = $1) as leads,
       (select count(*) from broadcast where account_id = $1) as broadcasts,
       (select count(*) from delivery d join broadcast b on b.id = d.broadcast_id where b.account_id = $1) as messages,
       (select count(*) from ledger_opening where account_id = $1) as entries,
       (select count(*) from api_key where account_id = $1 and revoked_at is null) as "apiKeys"`,
    [accountId],
  );
  const number = (name: keyof AccountCounts): number => Number(row?.[name] ?? 0);
  return {
    pages: number('pages'),
    leads: number('leads'),
    broadcasts: number('broadcasts'),
    messages: number('messages'),
    entries: number('entries'),
    apiKeys: number('apiKeys'),
  };
}

export interface OpenAccountErasure {
  readonly id: RowId;
  readonly uuid: string;
  readonly code: string;
  readonly accountId: RowId;
  readonly state: 'confirmed' | 'destroying';
  readonly confirmedAt: Date;
  readonly keyDay: number;
  /** Null: the letter is under the key of the day. */
  readonly letterKey: string | null;
  readonly letterCt: Buffer | null;
  readonly certificateHead: string;
  readonly rings: readonly string[];
  /** Names its key in the key ring, from the moment in which keys go. */
  readonly accountUuid: string | null;
  readonly keysDestroyedAt: Date | null;
  readonly pagesReleased: number;
  readonly leaves: number;
  readonly commitment: Buffer | null;
  readonly rowsDeletedAt: Date | null;
}

const IS_OPEN = `state in ('confirmed', 'destroying')`;
const OPEN = `select id, public_id as uuid, code, account_id as "accountId", state, confirmed_at as "confirmedAt", key_day as "keyDay",
       letter_key as "letterKey", letter_ct as "letterCt", certificate_head as "certificateHead", rings::text[] as rings, account_uuid as "accountUuid",
  keys_destroyed_at as "keysDestroyedAt", pages_released as "pagesReleased",
  leaves, commitment, rows_deleted_at as "rowsDeletedAt"
 from account_erasure where ${IS_OPEN}`;

/** By id, those after one. */
export const listOpenAccountErasures = (
  sql: Sql,
  { after, limit }: RoundPart,
): Promise<Pick<OpenAccountErasure, 'id'>[]> =>
  sql.rows(`select id from account_erasure where ${IS_OPEN} and id > $1 order by id limit $2`, [after, limit]);

export const findOpenAccountErasure = (sql: Sql, id: RowId): Promise<OpenAccountErasure | undefined> =>
  sql.first(`${OPEN} and id = $1`, [id]);

export const recordReleased = (sql: Sql, id: RowId, released: number): Promise<number> =>
  sql.run('update account_erasure set pages_released = pages_released + $2 where id = $1', [id, released]);

/** Whether something of the account is still being sent, or waits for its leaf. */
export async function isUnderWay(sql: Sql, accountId: RowId): Promise<boolean> {
  const row = await sql.first<{ found: boolean }>(
    `select exists (select from delivery d join broadcast b on b.id = d.broadcast_id
         where b.account_id = $1 and d.status = 'sending')
       or exists (select from reply r join page p on p.id = r.page_id where p.account_id = $1 and r.status = 'sending')
       or exists (select from ledger_opening o join ledger_pending w on w.entry_id = o.entry_id where o.account_id = $1) as found`,
    [accountId],
  );
  return row?.found === true;
}

/** Whether somebody of the account is being erased by themselves. */
export async function isErasing(sql: Sql, accountId: RowId): Promise<boolean> {
  const row = await sql.first<{ found: boolean }>(
    `select exists (select from erasure where account_id = $1 and state <> 'complete') as found`,
    [accountId],
  );
  return row?.found === true;
}

/** Waits for whoever makes a lead of these Pages, and holds back the next. */
export const lockPages = (tx: Tx, accountId: RowId): Promise<number> =>
  tx.run('select from page where account_id = $1 order by id for update', [accountId]);

/** Some leads of the account, locked. */
export async function lockSomeLeads(tx: Tx, accountId: RowId, limit: number): Promise<RowId[]> {
  const rows = await tx.rows<{ id: RowId }>(
    'select id from lead where account_id = $1 order by id limit $2 for update',
    [accountId, limit],
  );
  return rows.map(({ id }) => id);
}

/** Meta's ids of the Pages of an account, and of all others. */
export async function readPageIds(tx: Tx, accountId: RowId): Promise<{ own: string[]; others: string[] }> {
  const rows = await tx.rows<{ id: string; isOwn: boolean }>(
    'select meta_page_id as id, account_id = $1 as "isOwn" from page',
    [accountId],
  );
  const idsOf = (own: boolean): string[] => rows.flatMap(({ id, isOwn }) => (isOwn === own ? [id] : []));
  return { own: idsOf(true), others: idsOf(false) };
}

/** Everything else of the account, by itself and by cascade. Its leaves must be closed. */
export async function deleteAccount(tx: Tx, accountId: RowId, at: Date): Promise<void> {
  // A call that was under way at the yes may have written one since.
  await dropMails(tx, accountId, at);
  await tx.run('delete from ledger_opening where account_id = $1', [accountId]);
  const broadcasts = 'select id from broadcast where account_id = $1';
  for (const table of ['delivery', 'logged_send', 'ledger_sends'])
    await tx.run(`delete from ${table} where broadcast_id in (${broadcasts})`, [accountId]);
  const pages = 'select id from page where account_id = $1';
  for (const table of ['logged_send', 'ledger_sends'])
    await tx.run(`delete from ${table} where page_id in (${pages})`, [accountId]);
  await tx.run('delete from account where id = $1', [accountId]);
}

/** From the commit on nothing opens anybody of the account: its keys go, and then its rows. */
export async function recordEnding(tx: Tx, { id, accountId }: OpenAccountErasure, uuid: string | null): Promise<void> {
  await tx.run(
    `update account_erasure set state = 'destroying', account_uuid = $2 where id = $1 and state = 'confirmed'`,
    [id, uuid],
  );
  await tx.run('update page set is_ending = true where account_id = $1', [accountId]);
}

export const recordKeysDestroyed = (sql: Sql, id: RowId, at: Date): Promise<number> =>
  sql.run('update account_erasure set keys_destroyed_at = $2 where id = $1 and keys_destroyed_at is null', [id, at]);

export const recordBatch = (tx: Tx, id: RowId, leaves: number, commitment: Buffer): Promise<number> =>
  tx.run('update account_erasure set leaves = leaves + $2, commitment = $3 where id = $1', [id, leaves, commitment]);

export const recordAccountGone = (tx: Tx, id: RowId, at: Date): Promise<number> =>
  tx.run('update account_erasure set rows_deleted_at = $2 where id = $1 and rows_deleted_at is null', [id, at]);

/** Only the first certificate stays. The letter is sent, or can be no more. */
export const recordAccountComplete = (tx: Tx, id: RowId, certificate: string, at: Date): Promise<number> =>
  tx.run(
    `update account_erasure set state = 'complete', certificate = $2, completed_at = $3, letter_ct = null, letter_key = null, rings = '{}',
       account_uuid = null
      where id = $1 and state = 'destroying'`,
    [id, certificate, at],
  );

/** Questions that nobody answered in time. */
export const forgetUnanswered = (sql: Sql, now: Date): Promise<number> =>
  sql.run(`delete from account_erasure where state = 'asked' and confirm_until <= $1`, [now]);
