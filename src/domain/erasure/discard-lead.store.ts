import type { RowId, Tx } from '../sql.types';

/**
 * Archives of the account that may hold a person: one that is made is made anew without them, one that is ready is handed out no more.
 * Needs the lead locked and marked. Until the mark is committed no archive is asked for (the account is locked against that) or begun
 * (its row is): it would still see the person.
 */
export async function withdrawBackups(tx: Tx, accountId: RowId): Promise<void> {
  await tx.run('select from account where id = $1 for share', [accountId]);
  await tx.run(
    `update account_backup set state = 'waiting', generation = generation + 1
      where account_id = $1 and state in ('waiting', 'making')`,
    [accountId],
  );
  await tx.run(`update account_backup set state = 'withdrawn' where account_id = $1 and state = 'ready'`, [accountId]);
}

export async function readEntryIds(tx: Tx, leadId: RowId): Promise<string[]> {
  const rows = await tx.rows<{ id: string }>('select entry_id as id from ledger_opening where lead_id = $1', [leadId]);
  return rows.map(({ id }) => id);
}

/**
 * Messages stay in the counts of their broadcasts, and name nobody: design of the statistics. What was authorised stays in the
 * chunks of the log, as commitments that nothing opens.
 */
export async function forgetMessages(tx: Tx, leadId: RowId): Promise<void> {
  await tx.run(
    `update delivery set lead_id = null, public_id = null, consent_entry = null, subject_n = null, sends_position = null,
       claimed_at = null, post_started_at = null, settled_at = null, delivered_at = null, read_at = null,
       clicked_at = null, unsubscribed_at = null, due_at = null, mid_ct = null
      where lead_id = $1`,
    [leadId],
  );
  await tx.run(
    `update logged_send set lead_id = null, message_id = gen_random_uuid(), consent_entry = null, subject_n = null,
       claimed_at = null where lead_id = $1`,
    [leadId],
  );
}

/** Webhook bodies in which events of these people were the last that are kept lose their envelope too. */
export const dropEnvelopes = (tx: Tx, leadIds: readonly RowId[]): Promise<number> =>
  tx.run(
    `delete from evidence_segment s
      where s.kind = 'p'
        and s.delivery_id in (select delivery_id from evidence_segment where lead_id = any($1::bigint[]))
        and not exists (select from evidence_segment o
          where o.delivery_id = s.delivery_id and o.kind = 'e' and not (o.lead_id = any($1::bigint[])))`,
    [leadIds],
  );

export const dropSuppression = (tx: Tx, pageId: RowId, personMac: Buffer): Promise<number> =>
  tx.run('delete from suppression where page_id = $1 and person_mac = $2', [pageId, personMac]);

/** People, and by cascade their keys, openings, evidence, replies, and their places in audiences and exports. */
export const deleteLeads = (tx: Tx, leadIds: readonly RowId[]): Promise<number> =>
  tx.run('delete from lead where id = any($1::bigint[])', [leadIds]);
