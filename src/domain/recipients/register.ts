import { accountKey, recordAudit, type AuditDeps } from '../accounts';
import { openField, sealField, type FieldPlace } from '../../kernel/crypto/field-cipher';
import type { Database, RowId } from '../sql.types';
import { countCallsOfRecipient } from './call.store';
import { checkEndpoint } from './endpoint.rules';
import { endRecipient, findRecipient, insertRecipient, listRecipients, type StoredRecipient } from './recipient.store';
import { invalidRecipient, recipientNotFound } from './recipients.errors';
import type {
  Receives,
  RecipientDefinition,
  RecipientDetail,
  RecipientKind,
  RecipientView,
  RegisteredRecipient,
} from './recipients.types';
import { UUID } from '../../kernel/uuid';

const SECRET_BYTES = 32;

const definitionPlace = (uuid: string): FieldPlace => ({ table: 'recipient', column: 'definition_ct', row: uuid });
const secretPlace = (uuid: string): FieldPlace => ({ table: 'recipient', column: 'secret_ct', row: uuid });

export interface RegisterDeps extends AuditDeps {
  readonly db: Database;
  /** Whether an endpoint may lie on this machine. */
  readonly onLoopback: boolean;
}

export interface RegisterRecipientInput extends RecipientDefinition {
  readonly accountId: RowId;
  readonly kind: RecipientKind;
  readonly receives: Receives;
  /** The id to register it under. */
  readonly uuid: string;
}

export const openDefinition = (key: Buffer, { uuid, definitionCt }: StoredRecipient): RecipientDefinition =>
  JSON.parse(openField(key, definitionPlace(uuid), definitionCt).toString('utf8')) as RecipientDefinition;

export const openSecret = (
  key: Buffer,
  { uuid, secretCt }: { readonly uuid: string; readonly secretCt: Buffer },
): string => openField(key, secretPlace(uuid), secretCt).toString('utf8');

const viewOf = (key: Buffer, stored: StoredRecipient): RecipientView => ({
  uuid: stored.uuid,
  kind: stored.kind,
  receives: stored.receives,
  ...openDefinition(key, stored),
  createdAt: stored.createdAt,
  endedAt: stored.endedAt,
  disclosedAt: stored.disclosedAt,
});

/**
 * Registers who else gets data of the account's people, before anything is given to them. The secret is in the answer and never again.
 *
 * @throws {UserError} `validation_failed`
 */
export const makeRegisterRecipient =
  (deps: RegisterDeps) =>
  async ({ accountId, uuid, kind, receives, ...said }: RegisterRecipientInput): Promise<RegisteredRecipient> => {
    const { name, purpose, country, endpoint } = said;
    const errors = checkEndpoint(endpoint, deps.onLoopback);
    if (errors.length > 0) throw invalidRecipient(errors);
    const key = await accountKey(deps.db, deps.keyRing, accountId);
    const secret = deps.ids.bytes(SECRET_BYTES).toString('base64url');
    const definition: RecipientDefinition = { name: name.trim(), purpose: purpose.trim(), country, endpoint };
    const stored = await deps.db.transaction(async (tx) => {
      const row = await insertRecipient(tx, {
        uuid,
        accountId,
        kind,
        receives,
        definitionCt: sealField(key, definitionPlace(uuid), JSON.stringify(definition)),
        secretCt: sealField(key, secretPlace(uuid), secret),
        createdAt: deps.clock.now(),
      });
      if (row === undefined) throw recipientNotFound();
      await recordAudit(tx, deps, { accountId, kind: 'recipient.registered', detail: { recipient: uuid } });
      return row;
    });
    return { ...viewOf(key, stored), secret };
  };

type ReadDeps = Pick<RegisterDeps, 'db' | 'keyRing'>;

export interface OwnRecipient {
  readonly accountId: RowId;
  readonly uuid: string;
}

/** @throws {UserError} `recipient_not_found`, also for one of another account */
export const makeGetRecipient =
  ({ db, keyRing }: ReadDeps) =>
  async ({ accountId, uuid }: OwnRecipient): Promise<RecipientDetail> => {
    const stored = await findRecipient(db, accountId, uuid);
    if (stored === undefined) throw recipientNotFound();
    const { lastFailure, ...calls } = await countCallsOfRecipient(db, uuid);
    return { ...viewOf(await accountKey(db, keyRing, accountId), stored), calls, lastFailure };
  };

export interface ListRecipientsInput {
  readonly accountId: RowId;
  readonly limit: number;
  /** Public id of the last one of the part before. */
  readonly after: string | null;
}

export interface RecipientList {
  readonly items: readonly RecipientView[];
  /** Pass as `after` to go on; null at the end. */
  readonly next: string | null;
}

/** Ended ones too: they still have what they got. */
export const makeListRecipients =
  ({ db, keyRing }: ReadDeps) =>
  async ({ accountId, limit, after }: ListRecipientsInput): Promise<RecipientList> => {
    if (after !== null && !UUID.test(after))
      throw invalidRecipient([{ pointer: 'cursor', detail: 'is not one of ours' }]);
    const found = await listRecipients(db, accountId, after, limit + 1);
    const key = await accountKey(db, keyRing, accountId);
    const items = found.slice(0, limit).map((stored) => viewOf(key, stored));
    return { items, next: found.length > limit ? (items.at(-1)?.uuid ?? null) : null };
  };

/**
 * Nothing is disclosed to it from the commit on. It is still told when somebody is erased whose data it has; doing it twice changes
 * nothing.
 *
 * @throws {UserError} `recipient_not_found`
 */
export const makeEndRecipient =
  (deps: Omit<RegisterDeps, 'onLoopback'>) =>
  async ({ accountId, uuid }: OwnRecipient): Promise<RecipientView> => {
    const key = await accountKey(deps.db, deps.keyRing, accountId);
    return deps.db.transaction(async (tx) => {
      const ended = await endRecipient(tx, accountId, uuid, deps.clock.now());
      if (ended === undefined) throw recipientNotFound();
      await recordAudit(tx, deps, { accountId, kind: 'recipient.ended', detail: { recipient: uuid } });
      return viewOf(key, ended);
    });
  };
