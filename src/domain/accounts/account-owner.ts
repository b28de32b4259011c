import { openField } from '../../kernel/crypto/field-cipher';
import type { RowId, Sql } from '../sql.types';
import { readAccountFields } from './account.store';
import { accountNotFound } from './accounts.errors';

export interface AccountOwner {
  readonly uuid: string;
  readonly email: string;
  readonly name: string;
}

/**
 * Name and address of an account.
 *
 * @param key of the account's own fields
 * @throws {UserError} `account_not_found`
 */
export async function openOwner(sql: Sql, accountId: RowId, key: Buffer): Promise<AccountOwner> {
  const row = await readAccountFields(sql, accountId);
  if (row === undefined) throw accountNotFound();
  const open = (column: string, sealed: Buffer): string =>
    openField(key, { table: 'account', column, row: row.uuid }, sealed).toString('utf8');
  return { uuid: row.uuid, email: open('email_ct', row.emailCt), name: open('name_ct', row.nameCt) };
}
