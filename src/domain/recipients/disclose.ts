import type { RowId, Sql, Tx } from '../sql.types';
import { openDefinition } from './register';
import { insertDisclosures, readRecipientsOf, shareLeads, shareRecipient, type ToldLead } from './recipient.store';
import { recipientEnded, recipientNotFound } from './recipients.errors';
import type { RecipientOfPerson } from './recipients.types';

export interface Disclosure {
  readonly accountId: RowId;
  readonly recipientUuid: string;
  readonly leadUuids: readonly string[];
  readonly at: Date;
}

/**
 * Writes down that a recipient gets data of people. Whatever gives data away does this first, commits it, and gives only those who are in
 * the answer: somebody who is being erased is not, and whoever is erased later, this recipient is told of.
 *
 * @returns whose data may be given to it
 * @throws {UserError} `recipient_not_found`; `recipient_ended`
 */
export async function recordDisclosures(
  tx: Tx,
  { accountId, recipientUuid, leadUuids, at }: Disclosure,
): Promise<readonly ToldLead[]> {
  const leads = await shareLeads(tx, accountId, leadUuids);
  const recipient = await shareRecipient(tx, accountId, recipientUuid);
  if (recipient === undefined) throw recipientNotFound();
  if (recipient.endedAt !== null) throw recipientEnded();
  if (leads.length === 0) return [];
  await insertDisclosures(
    tx,
    recipient.id,
    leads.map(({ id }) => id),
    at,
  );
  return leads;
}

/** Who has a person's data, for the person. @param key of the account */
export async function recipientsOfPerson(
  sql: Sql,
  key: Buffer,
  accountId: RowId,
  leadId: RowId,
): Promise<RecipientOfPerson[]> {
  return (await readRecipientsOf(sql, accountId, leadId)).map((stored) => {
    const { name, purpose, country } = openDefinition(key, stored);
    const { kind, receives, firstAt, lastAt, endedAt } = stored;
    return { name, purpose, country, kind, receives, firstAt, lastAt, endedAt };
  });
}
