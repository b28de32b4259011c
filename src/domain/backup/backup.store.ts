import type { RowId, Sql, Tx } from '../sql.types';
import type { BackupView, ClaimedBackup } from './backup.types';

const VIEW = `public_id as uuid, state, requested_at as "requestedAt", leads_total as "leadsTotal", leads_done as "leadsDone", bytes,
  sha256, completed_at as "completedAt", expires_at as "expiresAt", downloaded_at as "downloadedAt"`;

type ViewRow = Omit<BackupView, 'leadsTotal' | 'leadsDone' | 'bytes'> &
  Record<'leadsTotal' | 'leadsDone' | 'bytes', string>;

const viewOf = (row: ViewRow): BackupView => ({
  ...row,
  leadsTotal: Number(row.leadsTotal),
  leadsDone: Number(row.leadsDone),
  bytes: Number(row.bytes),
});

export interface NewBackup {
  readonly uuid: string;
  readonly accountId: RowId;
  readonly keyDay: number;
  readonly header: Buffer;
  readonly fileKeyCt: Buffer;
  readonly requestedAt: Date;
  readonly expiresAt: Date;
}

/** Takes the place of whatever archive the account has. A repeated call finds its own. */
export async function insertBackup(tx: Tx, made: NewBackup): Promise<void> {
  await tx.run('select from account where id = $1 for update', [made.accountId]);
  if ((await findOwnBackup(tx, made.accountId, made.uuid)) !== undefined) return;
  await endLive(tx, made.accountId, 'replaced');
  await tx.run(
    `insert into account_backup (public_id, account_id, state, key_day, head_wrapped, file_key_ct, leads_total, requested_at,
       beat_at, expires_at)
     values ($1, $2, 'waiting', $3, $4, $5, (select count(*) from lead where account_id = $2), $6, $6, $7)`,
    [made.uuid, made.accountId, made.keyDay, made.header, made.fileKeyCt, made.requestedAt, made.expiresAt],
  );
}

const endLive = (tx: Tx, accountId: RowId, state: 'replaced'): Promise<number> =>
  tx.run(
    `update account_backup set state = $2, head_wrapped = null, file_key_ct = null
      where account_id = $1 and state in ('waiting', 'making', 'ready')`,
    [accountId, state],
  );

export async function findOwnBackup(sql: Sql, accountId: RowId, uuid: string): Promise<BackupView | undefined> {
  const row = await sql.first<ViewRow>(`select ${VIEW} from account_backup where account_id = $1 and public_id = $2`, [
    accountId,
    uuid,
  ]);
  return row === undefined ? undefined : viewOf(row);
}

/** Newest first. */
export async function listOwnBackups(sql: Sql, accountId: RowId, limit: number): Promise<BackupView[]> {
  const rows = await sql.rows<ViewRow>(
    `select ${VIEW} from account_backup where account_id = $1 order by id desc limit $2`,
    [accountId, limit],
  );
  return rows.map(viewOf);
}

/**
 * Takes an archive that waits, or whose maker has given no sign since `silentSince`. The generation it answers is its maker's alone.
 */
export const claimBackup = (
  sql: Sql,
  uuid: string,
  { now, silentSince }: { readonly now: Date; readonly silentSince: Date },
): Promise<ClaimedBackup | undefined> =>
  sql.first(
    `update account_backup b set state = 'making', generation = generation + 1, beat_at = $2, leads_done = 0, bytes = 0,
       leads_total = (select count(*) from lead l where l.account_id = b.account_id)
      where public_id = $1 and expires_at > $2 and (state = 'waiting' or (state = 'making' and beat_at < $3))
      returning id, public_id as uuid, account_id as "accountId", generation, key_day as "keyDay", head_wrapped as header,
        file_key_ct as "fileKeyCt"`,
    [uuid, now, silentSince],
  );

type Held = Pick<ClaimedBackup, 'id' | 'generation'>;

/** @returns 0 when the archive is somebody else's by now, or is not to be made any more */
export const beat = (
  sql: Sql,
  { id, generation }: Held,
  at: Date,
  progress: { readonly leads: number; readonly bytes: number },
): Promise<number> =>
  sql.run(
    `update account_backup set beat_at = $3, leads_done = $4, bytes = $5
      where id = $1 and generation = $2 and state = 'making'`,
    [id, generation, at, progress.leads, progress.bytes],
  );

export interface MadeBackup {
  readonly leads: number;
  readonly bytes: number;
  readonly sha256: Buffer;
  readonly at: Date;
}

/** The same; and the key goes. */
export const finishBackup = (sql: Sql, { id, generation }: Held, made: MadeBackup): Promise<number> =>
  sql.run(
    `update account_backup set state = 'ready', leads_done = $3, leads_total = $3, bytes = $4, sha256 = $5, completed_at = $6,
       head_wrapped = null, file_key_ct = null
      where id = $1 and generation = $2 and state = 'making'`,
    [id, generation, made.leads, made.bytes, made.sha256, made.at],
  );

export const failBackup = (sql: Sql, { id, generation }: Held): Promise<number> =>
  sql.run(
    `update account_backup set state = 'failed', head_wrapped = null, file_key_ct = null
      where id = $1 and generation = $2 and state = 'making'`,
    [id, generation],
  );

/** The generation of an archive that is ready. */
export const findReady = (
  sql: Sql,
  accountId: RowId,
  uuid: string,
): Promise<{ readonly generation: number } | undefined> =>
  sql.first(`select generation from account_backup where account_id = $1 and public_id = $2 and state = 'ready'`, [
    accountId,
    uuid,
  ]);

export const recordDownloaded = (tx: Tx, accountId: RowId, uuid: string, at: Date): Promise<number> =>
  tx.run('update account_backup set downloaded_at = $3 where account_id = $1 and public_id = $2', [
    accountId,
    uuid,
    at,
  ]);

/** Archives that nobody makes. */
export const listIdle = (
  sql: Sql,
  { silentSince, askedBefore }: { readonly silentSince: Date; readonly askedBefore: Date },
): Promise<{ readonly uuid: string; readonly generation: number }[]> =>
  sql.rows(
    `select public_id as uuid, generation from account_backup
      where (state = 'waiting' and requested_at < $2) or (state = 'making' and beat_at < $1) order by id limit 100`,
    [silentSince, askedBefore],
  );

/** Names of the files that may lie there. */
export async function liveFiles(sql: Sql): Promise<string[]> {
  const rows = await sql.rows<{ uuid: string; generation: number }>(
    `select public_id as uuid, generation from account_backup where state in ('making', 'ready')`,
  );
  return rows.map(fileName);
}

export const fileName = ({ uuid, generation }: Pick<ClaimedBackup, 'uuid' | 'generation'>): string =>
  `${uuid}-${String(generation)}.age`;

/** @returns how many archives ended, and records went */
export async function expireBackups(sql: Sql, now: Date, forgottenBefore: Date): Promise<number> {
  const ended = await sql.run(
    `update account_backup set state = case when state = 'ready' then 'expired' else 'failed' end, head_wrapped = null,
       file_key_ct = null
      where state in ('waiting', 'making', 'ready') and expires_at <= $1`,
    [now],
  );
  return ended + (await sql.run('delete from account_backup where requested_at < $1', [forgottenBefore]));
}
