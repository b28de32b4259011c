import type { DeliveryReason, QueueTestReply } from '../broadcasts';
import type { RowId, Tx } from '../sql.types';
import { insertReply, type NewReply } from './reply.store';

/**
 * Queues an answer to a person. After the commit enqueue `send-replies` for the Page, urgent; losing that job costs
 * time only.
 *
 * @returns false when this cause has been answered before
 */
export const queueReply = (tx: Tx, reply: NewReply): Promise<boolean> => insertReply(tx, reply);

/** A test send is a reply: ahead of bulk, to one person, inside the window. */
export const queueTestReply: QueueTestReply = (tx, { lead, page, kind, cause, language, broadcastId }) =>
  insertReply(tx, { leadId: lead.id, pageId: page.id, kind, cause, language, broadcastId });

/** The last reply of a person who is being erased. */
export const queueErasureLink = (
  tx: Tx,
  reply: Pick<NewReply, 'leadId' | 'pageId' | 'cause' | 'language'>,
): Promise<boolean> => insertReply(tx, { ...reply, kind: 'erasure_link' });

/** Skips every reply that waits for a lead. Needs the lead locked. */
export const skipRepliesOfLead = (tx: Tx, leadId: RowId, reason: DeliveryReason): Promise<number> =>
  tx.run(
    `update reply set status = 'skipped', reason = $2, settled_at = clock_timestamp()
      where lead_id = $1 and status = 'pending'`,
    [leadId, reason],
  );

/**
 * Skips everything bulk that still waits for a lead. Needs the lead locked: no claim of this lead commits in between.
 * What is being sent in this moment is dropped by its sender within half a second.
 */
export const skipPendingOfLead = (tx: Tx, leadId: RowId, reason: DeliveryReason): Promise<number> =>
  tx.run(
    `update delivery set status = 'skipped', reason = $2, due_at = null, settled_at = clock_timestamp()
      where lead_id = $1 and status in ('pending', 'held')`,
    [leadId, reason],
  );
