import { createHmac } from 'node:crypto';
import type { Clock } from '../../kernel/clock';
import { sealField } from '../../kernel/crypto/field-cipher';
import { wrapKey } from '../../kernel/crypto/key-wrap';
import type { Ids } from '../../kernel/ids';
import type { KeyRing } from '../keyring.types';
import type { Database, Tx } from '../sql.types';
import { findAccount, insertAccount } from './account.store';
import { accountExists, accountNotFound, invalidAccountInput } from './accounts.errors';
import { checkAccount, comparableEmail, UUID } from './accounts.rules';
import type { AccountRef, CreatedApiKey } from './accounts.types';
import { addApiKey } from './api-keys';
import { recordAudit } from './audit';

const DEK_BYTES = 32;
const INDEX_BYTES = 16;

export interface CreateAccountDeps {
  readonly db: Database;
  readonly keyRing: KeyRing;
  readonly clock: Clock;
  readonly ids: Ids;
}

export interface CreateAccountInput {
  readonly email: string;
  readonly name: string;
  /** Scopes of a first API key, made in the same transaction; without them the account begins without one. */
  readonly firstKeyScopes?: readonly string[];
}

export interface CreatedAccount {
  readonly account: AccountRef;
  readonly apiKey: CreatedApiKey | null;
}

/**
 * Makes an account. Address and name are ciphertext under a key of its own.
 *
 * @throws {UserError} `validation_failed`, or `account_exists` when the address has one in any spelling of its case
 */
export function makeCreateAccount(deps: CreateAccountDeps) {
  return async (input: CreateAccountInput): Promise<CreatedAccount> => {
    const errors = checkAccount(input.email, input.name);
    if (errors.length > 0) throw invalidAccountInput(errors);
    return deps.db.transaction(async (tx) => {
      const account = await storeAccount(tx, deps, input.email.trim(), input.name.trim());
      await recordAudit(tx, deps, { accountId: account.id, kind: 'account.created' });
      const { firstKeyScopes: scopes } = input;
      const apiKey = scopes === undefined ? null : await addApiKey(tx, deps, { accountId: account.id, scopes });
      return { account, apiKey };
    });
  };
}

async function storeAccount(tx: Tx, deps: CreateAccountDeps, email: string, name: string): Promise<AccountRef> {
  const { keyRing, ids, clock } = deps;
  const uuid = ids.uuid();
  const dek = ids.bytes(DEK_BYTES);
  const seal = (column: string, text: string) =>
    sealField(dek, { table: 'account', column, row: uuid }, Buffer.from(text, 'utf8'));
  const id = await insertAccount(tx, {
    uuid,
    dekWrapped: wrapKey(keyRing.systemKey('account'), dek),
    emailIndex: emailIndex(keyRing, email),
    emailCt: seal('email_ct', email),
    nameCt: seal('name_ct', name),
    createdAt: clock.now(),
  });
  if (id === undefined) throw accountExists();
  return { id, uuid };
}

const emailIndex = (keyRing: KeyRing, email: string): Buffer =>
  createHmac('sha256', keyRing.systemKey('account-index'))
    .update(comparableEmail(email))
    .digest()
    .subarray(0, INDEX_BYTES);

/** @throws {UserError} `account_not_found` */
export function makeFindAccount({ db }: Pick<CreateAccountDeps, 'db'>) {
  return async (uuid: string): Promise<AccountRef> => {
    const found = UUID.test(uuid) ? await findAccount(db, uuid) : undefined;
    if (found === undefined) throw accountNotFound();
    return found;
  };
}
