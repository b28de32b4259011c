import { appendSends, sendBody, sendCommitment, sendNonce, type AppendDeps } from '../consent';
import type { RowId, Tx } from '../sql.types';

export interface LoggedRecipient {
  readonly deliveryUuid: string;
  readonly attempt: number;
  readonly psid: string;
  readonly dek: Buffer;
  readonly path: 'standard' | 'utility' | 'marketing';
  /** Commitment of the entry that permits the message. */
  readonly consentC: Buffer;
  /** Leaf of that entry. */
  readonly consentIndex: number;
  readonly subjectRef: Buffer;
  /** Length of the person's chain. */
  readonly n: number;
}

export interface LoggedChunk {
  readonly page: { readonly id: RowId; readonly accountId: RowId; readonly metaPageId: string };
  readonly broadcast: { readonly id: RowId; readonly uuid: string; readonly contentSha256: Buffer };
  readonly isTest: boolean;
  /** Time of the claim; stands in `delivery.claimed_at` to the millisecond, from which the body is rebuilt. */
  readonly at: Date;
  /** In claim order. */
  readonly recipients: readonly LoggedRecipient[];
}

export type LogSends = (tx: Tx, chunk: LoggedChunk) => Promise<{ readonly entryId: string }>;

/** Logs a chunk as authorised, in the transaction that claims it. One entry; nothing is stored per message but 32 bytes. */
export const makeLogSends =
  (deps: AppendDeps): LogSends =>
  (tx, { page, broadcast, isTest, at, recipients }) =>
    appendSends(tx, deps, {
      accountId: page.accountId,
      pageId: page.id,
      metaPageId: page.metaPageId,
      broadcastId: broadcast.id,
      broadcastUuid: broadcast.uuid,
      contentSha256: broadcast.contentSha256,
      isTest,
      at,
      commitments: recipients.map((recipient) => {
        const body = sendBody({
          log: deps.logOrigin,
          delivery: recipient.deliveryUuid,
          broadcast: broadcast.uuid,
          attempt: recipient.attempt,
          metaPageId: page.metaPageId,
          psid: recipient.psid,
          at,
          path: recipient.path,
          consent: { commitment: recipient.consentC, index: recipient.consentIndex },
          subject: { ref: recipient.subjectRef, n: recipient.n },
        });
        return sendCommitment(body, sendNonce(recipient.dek, recipient.deliveryUuid, recipient.attempt));
      }),
    });
