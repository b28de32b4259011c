import type { AppendDeps, ConsentPage, ConsentReply } from '../consent';
import type { RowId, Tx } from '../sql.types';

export interface QueuedReply {
  readonly leadId: RowId;
  readonly pageId: RowId;
  readonly kind: ConsentReply | 'notice_link' | 'my_consent' | 'my_data' | 'ask_erasure';
  /** What it answers; one answer of a kind for each cause. */
  readonly cause: string;
  readonly language: string;
  readonly noticeVersion?: number;
}

/** What delivery does for a change of consent, in the same transaction. */
export interface ReplyPort {
  readonly queueReply: (tx: Tx, reply: QueuedReply) => Promise<unknown>;
  /** Everything bulk that still waits for this lead is skipped with the reason. */
  readonly skipPendingOfLead: (tx: Tx, leadId: RowId, reason: 'unsubscribed') => Promise<unknown>;
}

export interface CarryOutDeps extends AppendDeps, ReplyPort {}

export interface UnsubscribePage extends ConsentPage {
  readonly uuid: string;
  readonly noticeVersion: number;
}
