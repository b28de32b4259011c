import type { RowId } from '../sql.types';
import type { SendOutcome } from './sender.types';

/** One recipient of a claimed chunk, keys opened. Lives in memory only while the chunk does. */
export interface ClaimedRow {
  readonly seq: number;
  readonly attempt: number;
  /** Public id. */
  readonly uuid: string;
  readonly leadId: RowId;
  readonly psid: string;
  readonly dek: Buffer;
  /** Failures that may pass, so far. */
  readonly failures: number;
  /** The lead has messages in a row that could not be delivered. */
  readonly leadFailed: boolean;
}

export type RecordStatus = 'accepted' | 'rejected' | 'pending' | 'uncertain' | 'skipped';

/** What is written of one message at the end of its chunk. */
export interface RecordRow {
  readonly seq: number;
  readonly attempt: number;
  readonly status: RecordStatus;
  readonly reason: string | null;
  /** Only for `pending`: from now. */
  readonly dueInMs: number | null;
  readonly postStartedAt: Date | null;
  readonly midCt: Buffer | null;
  readonly code: number | null;
  readonly subcode: number | null;
  readonly failures: number;
}

export interface SendPageRow {
  readonly id: RowId;
  readonly uuid: string;
  readonly accountId: RowId;
  readonly metaPageId: string;
  readonly name: string;
  readonly tokenCt: Buffer | null;
  readonly ratePerSecond: number;
  readonly optInMode: 'conversation_start' | 'explicit';
}

export type OutcomeOf<Kind extends SendOutcome['kind']> = Extract<SendOutcome, { readonly kind: Kind }>;

/** What a job does next. A Page that has to wait gives its worker back. */
export type SendResult =
  { readonly kind: 'continue' } | { readonly kind: 'wait'; readonly delayMs: number } | { readonly kind: 'idle' };
