import type { AuditedFacts, ChainLink } from './audit-chain.rules';

/** The files of one person in a bundle about many, by path. */
export type RecordFiles = ReadonlyMap<string, Buffer>;

/** An entry as a record shows it; whether it is in this log is not known yet. */
export interface ShownEntry {
  /** Where the record says that its leaf is. */
  readonly index: number;
  readonly body: Buffer;
  readonly nonce: Buffer;
  readonly commitment: Buffer;
}

/** The event that entries rest on, and what lay around it in its webhook. */
export interface ShownEvent {
  readonly position: number;
  /** Bytes and nonce. */
  readonly opening: Buffer;
  readonly around: readonly { readonly position: number; readonly bytes: Buffer }[];
}

/** An entry that is in this log, and so was written here. */
export type ReturningEntry = ShownEntry & Pick<ChainLink, 'facts'>;

/** What a person's row is to be after their chain; every moment comes from an entry. */
export interface ReturningRow {
  readonly createdAt: Date;
  readonly optedInAt: Date;
  readonly explicitActAt: Date | null;
  readonly withdrawnAt: Date | null;
  readonly withdrawalCommitment: Buffer | null;
  readonly consentN: number;
  readonly noticeShownAt: Date | null;
  readonly noticeVersion: number | null;
}

/** Somebody whose chain is whole and ends in consent. */
export interface ReturningPerson {
  readonly psid: string;
  readonly metaPageId: string;
  readonly subjectRef: Buffer;
  readonly entries: readonly ReturningEntry[];
  readonly events: readonly ShownEvent[];
  readonly row: ReturningRow;
  /** They agreed by an act of their own, not by beginning a conversation. */
  readonly isExplicit: boolean;
  /** Hashes of the wordings that the entries name. */
  readonly wordings: readonly string[];
}

/** Why somebody does not come back, whatever the database says. */
export type ChainRefusal = 'proof_broken' | 'unsubscribed' | 'no_consent' | 'objected';

export type ReturningFacts = AuditedFacts;
