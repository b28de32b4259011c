import type { DayKeys } from './day-keys';
import type { Log } from '../../kernel/log';
import type { JobQueue } from '../../jobs';
import type { LeadPage, OpenLead } from '../leads';
import type { Database, RowId, Tx } from '../sql.types';
import type { CarryOutDeps } from '../unsubscribe';

/** An echo of a message sent with our metadata: proof that Meta accepted it. */
export interface SeenEcho {
  readonly leadId: RowId;
  readonly pageId: RowId;
  readonly metadata: string;
  readonly mid: string;
}

/** Everything sent to the lead at or before the watermark; and these messages by id, where Meta names them. */
export interface SeenReceipt {
  readonly leadId: RowId;
  readonly watermarkMs: number | null;
  readonly mids: readonly string[];
}

export interface StopFault {
  readonly reason: string;
  readonly code: number | null;
  readonly subcode: number | null;
}

/**
 * Whether a person who is not known was erased after an event of theirs happened, or came here: then it is late, and makes nobody. From
 * then on whatever is stamped up to `reach` is late too: it may be delivered once more.
 */
export type WasErasedSince = (
  tx: Tx,
  metaPageId: string,
  person: { readonly psid: string; readonly eventAt: Date; readonly receivedAt: Date; readonly reach: Date },
) => Promise<boolean>;

/**
 * Somebody who is not known here left a Page, and nothing is kept of it: an archive of an account that had the Page before may still
 * hold them as a subscriber.
 */
export type UnheardStop = (tx: Tx, metaPageId: string) => Promise<unknown>;

export interface DrainInboxDeps extends CarryOutDeps {
  readonly db: Database;
  readonly queue: JobQueue;
  readonly log: Log;
  readonly reconcileEcho: (tx: Tx, echo: SeenEcho) => Promise<unknown>;
  readonly applyDelivered: (tx: Tx, receipt: SeenReceipt) => Promise<unknown>;
  readonly applyRead: (tx: Tx, receipt: SeenReceipt) => Promise<unknown>;
  readonly stopPage: (tx: Tx, pageId: RowId, fault: StopFault) => Promise<unknown>;
  /** Erases a person who said yes to it, in the transaction of their yes. */
  readonly eraseByChat: (
    tx: Tx,
    lead: OpenLead,
    page: LeadPage,
    wish: { readonly cause: string; readonly language: string; readonly keepsMark: boolean },
  ) => Promise<unknown>;
  readonly onUnheardStop: UnheardStop;
  /** Outside of transactions, and anew for each drain, whose day keys it uses. */
  readonly openTombstones: (keys: DayKeys) => Promise<WasErasedSince>;
}

export interface ApplyEventDeps extends DrainInboxDeps {
  readonly wasErasedSince: WasErasedSince;
}
