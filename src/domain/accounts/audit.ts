import type { Clock } from '../../kernel/clock';
import { sealField } from '../../kernel/crypto/field-cipher';
import type { Ids } from '../../kernel/ids';
import type { KeyRing } from '../keyring.types';
import type { RowId, Tx } from '../sql.types';
import { accountKey } from './account-key';
import { insertAuditEvent } from './account.store';

export interface AuditDeps {
  readonly keyRing: KeyRing;
  readonly clock: Clock;
  readonly ids: Ids;
}

export interface AuditEntry {
  readonly accountId: RowId;
  /** Stable dotted name, in clear: never a personal value. */
  readonly kind: string;
  /** Kept as ciphertext under the account's key. */
  readonly detail?: Readonly<Record<string, string | number | boolean | null>>;
}

/** Writes down who-did-what of an account, in the transaction that did it. */
export async function recordAudit(tx: Tx, { keyRing, clock, ids }: AuditDeps, entry: AuditEntry): Promise<void> {
  const uuid = ids.uuid();
  const key = entry.detail === undefined ? null : await accountKey(tx, keyRing, entry.accountId);
  const place = { table: 'audit_event', column: 'detail_ct', row: uuid };
  await insertAuditEvent(tx, {
    uuid,
    accountId: entry.accountId,
    kind: entry.kind,
    detailCt: key === null ? null : sealField(key, place, Buffer.from(JSON.stringify(entry.detail), 'utf8')),
    createdAt: clock.now(),
  });
}
