import { unlessUnreadable } from '../../kernel/crypto/field-cipher';
import { accountKeyOrNull } from '../accounts';
import type { KeyRing } from '../keyring.types';
import type { RowId, Tx } from '../sql.types';
import { accountErased, CALL_LIFE_MS, callId, personErased } from './call.rules';
import { insertCall } from './call.store';
import { openDefinition, openSecret } from './register';
import { readMetaPageIds, readRecipientsOf, readRecipientsOfAccount, type StoredRecipient } from './recipient.store';
import { sealCall, type SealDeps } from './sealed-call';

const UNREADABLE = 'recipient_unreadable';

export interface TellDeps extends SealDeps {
  readonly keyRing: KeyRing;
}

export interface ErasedLead {
  readonly accountId: RowId;
  readonly leadId: RowId;
  readonly erasureUuid: string;
  readonly metaPageId: string;
  readonly psid: string;
  readonly at: Date;
}

/**
 * Has everybody told who has a person's data, in the transaction that deletes the person. What is told is sealed in a file, which is
 * durable before the commit; of a transaction that is undone the file stays, and is replaced when the erasure is tried again.
 */
export async function tellOfLead(tx: Tx, deps: TellDeps, lead: ErasedLead): Promise<void> {
  const { accountId, leadId, erasureUuid, metaPageId, psid, at } = lead;
  const recipients = await readRecipientsOf(tx, accountId, leadId);
  await queueCalls(tx, deps, { accountId, erasureUuid, at, recipients }, (id) =>
    personErased(id, { metaPageId, psid, erasedAt: at }),
  );
}

export interface ErasedAccount {
  readonly accountId: RowId;
  readonly erasureUuid: string;
  readonly at: Date;
}

/** The same for an account, before its rows go: one call for each recipient, which names Pages and nobody. */
export async function tellOfAccount(
  tx: Tx,
  deps: TellDeps,
  { accountId, erasureUuid, at }: ErasedAccount,
): Promise<void> {
  const recipients = await readRecipientsOfAccount(tx, accountId);
  if (recipients.length === 0) return;
  const metaPageIds = await readMetaPageIds(tx, accountId);
  await queueCalls(tx, deps, { accountId, erasureUuid, at, recipients }, (id) => accountErased(id, metaPageIds, at));
}

interface ToTell extends ErasedAccount {
  readonly recipients: readonly (StoredRecipient & { readonly secretCt: Buffer })[];
}

async function queueCalls(
  tx: Tx,
  deps: TellDeps,
  { accountId, erasureUuid, at, recipients }: ToTell,
  bodyOf: (id: string) => string,
): Promise<void> {
  if (recipients.length === 0) return;
  const key = await accountKeyOrNull(tx, deps.keyRing, accountId);
  const expiresAt = new Date(at.getTime() + CALL_LIFE_MS);
  for (const recipient of recipients) {
    const id = callId(deps.keyRing.systemKey('recipient-call'), erasureUuid, recipient.uuid);
    const reached = key === null ? null : reach(key, recipient);
    if (reached !== null)
      await sealCall(deps, id, {
        accountId,
        recipientUuid: recipient.uuid,
        erasureUuid,
        createdAt: at.toISOString(),
        expiresAt: expiresAt.toISOString(),
        ...reached,
        body: bodyOf(id),
      });
    const call = { uuid: id, accountId, recipientUuid: recipient.uuid, erasureUuid, createdAt: at, expiresAt };
    await insertCall(tx, call, reached === null ? UNREADABLE : null);
  }
}

/** Null of a recipient whose fields are damaged: an erasure does not wait for what nobody can read any more, and counts it as not told. */
const reach = (key: Buffer, recipient: StoredRecipient & { readonly secretCt: Buffer }) =>
  unlessUnreadable(() => ({
    endpoint: openDefinition(key, recipient).endpoint,
    secret: openSecret(key, recipient),
  }));
