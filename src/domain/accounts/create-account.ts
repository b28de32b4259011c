import { createHmac } from 'node:crypto';
import type { Clock } from '../../kernel/clock';
import { sealField } from '../../kernel/crypto/field-cipher';
import type { Ids } from '../../kernel/ids';
import type { KeyRing } from '../keyring.types';
import type { Database, Tx } from '../sql.types';
import { findAccount, insertAccount } from './account.store';
import { accountExists, accountNotFound, invalidAccountInput } from './accounts.errors';
import { UUID } from '../../kernel/uuid';
import { checkAccount, comparableEmail } from './accounts.rules';
import type { AccountRef, CreatedApiKey } from './accounts.types';
import { addApiKey } from './api-keys';
import { recordAudit } from './audit';

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
 * Makes an account. Address and name are ciphertext under a key of its own, which lies in the key ring before the row is there.
 *
 * @throws {UserError} `validation_failed`, or `account_exists` when the address has one in any spelling of its case
 */
export function makeCreateAccount(deps: CreateAccountDeps) {
  return async (input: CreateAccountInput): Promise<CreatedAccount> => {
    const errors = checkAccount(input.email, input.name);
    if (errors.length > 0) throw invalidAccountInput(errors);
    const uuid = deps.ids.uuid();
    const key = await deps.keyRing.createAccountKey(uuid);
    try {
      return await deps.db.transaction((tx) => storeAccount(tx, deps, input, { uuid, key }));
    } catch (error) {
      await deps.keyRing.destroyAccountKey(uuid);
      throw error;
    }
  };
}

async function storeAccount(
  tx: Tx,
  deps: CreateAccountDeps,
  { email, name, firstKeyScopes: scopes }: CreateAccountInput,
  { uuid, key }: { readonly uuid: string; readonly key: Buffer },
): Promise<CreatedAccount> {
  const seal = (column: string, text: string) =>
    sealField(key, { table: 'account', column, row: uuid }, Buffer.from(text.trim(), 'utf8'));
  const id = await insertAccount(tx, {
    uuid,
    emailIndex: emailIndex(deps.keyRing, email.trim()),
    emailCt: seal('email_ct', email),
    nameCt: seal('name_ct', name),
    createdAt: deps.clock.now(),
  });
  if (id === undefined) throw accountExists();
  await recordAudit(tx, deps, { accountId: id, kind: 'account.created' });
  const apiKey = scopes === undefined ? null : await addApiKey(tx, deps, { accountId: id, scopes });
  return { account: { id, uuid }, apiKey };
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
