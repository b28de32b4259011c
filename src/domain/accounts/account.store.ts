import type { WrappedAccountKey } from '../keyring.types';
import type { RowId, Sql } from '../sql.types';
import type { AccountRef } from './accounts.types';

export interface NewAccount {
  readonly uuid: string;
  readonly emailIndex: Buffer;
  readonly emailCt: Buffer;
  readonly nameCt: Buffer;
  readonly createdAt: Date;
}

/** @returns the row id, or undefined when the address has an account already */
export async function insertAccount(sql: Sql, account: NewAccount): Promise<RowId | undefined> {
  const row = await sql.first<{ id: RowId }>(
    `insert into account (public_id, email_index, email_ct, name_ct, created_at)
     values ($1, $2, $3, $4, $5)
     on conflict (email_index) do nothing
     returning id`,
    [account.uuid, account.emailIndex, account.emailCt, account.nameCt, account.createdAt],
  );
  return row?.id;
}

export const findAccount = (sql: Sql, uuid: string): Promise<AccountRef | undefined> =>
  sql.first<AccountRef>('select id, public_id as uuid from account where public_id = $1::uuid', [uuid]);

export async function hasAccounts(sql: Sql): Promise<boolean> {
  const row = await sql.first<{ found: boolean }>('select exists (select from account) as found');
  return row?.found === true;
}

/** Null when its row is gone. */
export async function findAccountUuid(sql: Sql, accountId: RowId): Promise<string | null> {
  const row = await sql.first<{ uuid: string }>('select public_id as uuid from account where id = $1', [accountId]);
  return row?.uuid ?? null;
}

/** Those whose key release 0.1.0 left in the database. */
export const readWrappedAccountKeys = (sql: Sql): Promise<WrappedAccountKey[]> =>
  sql.rows('select public_id as uuid, dek_wrapped as "dekWrapped" from account where dek_wrapped is not null');

export const forgetWrappedAccountKeys = (sql: Sql, uuids: readonly string[]): Promise<number> =>
  sql.run('update account set dek_wrapped = null where public_id = any($1::uuid[])', [uuids]);

export const readAccountFields = (
  sql: Sql,
  accountId: RowId,
): Promise<{ uuid: string; emailCt: Buffer; nameCt: Buffer } | undefined> =>
  sql.first('select public_id as uuid, email_ct as "emailCt", name_ct as "nameCt" from account where id = $1', [
    accountId,
  ]);

export interface NewAuditEvent {
  readonly uuid: string;
  readonly accountId: RowId;
  readonly kind: string;
  readonly detailCt: Buffer | null;
  readonly createdAt: Date;
}

export const insertAuditEvent = (sql: Sql, event: NewAuditEvent): Promise<number> =>
  sql.run('insert into audit_event (public_id, account_id, kind, detail_ct, created_at) values ($1, $2, $3, $4, $5)', [
    event.uuid,
    event.accountId,
    event.kind,
    event.detailCt,
    event.createdAt,
  ]);
