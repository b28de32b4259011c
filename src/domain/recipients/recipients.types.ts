import type { RowId } from '../sql.types';

/** By what a recipient gets data. */
export type RecipientKind = 'webhook' | 'integration' | 'other';

/** Whose data a recipient gets: everybody's of the account, or that of people it was disclosed for. */
export type Receives = 'everyone' | 'disclosed';

/** What the account says of a recipient, ciphertext in the database. */
export interface RecipientDefinition {
  readonly name: string;
  readonly purpose: string;
  /** ISO 3166-1, two letters. */
  readonly country: string;
  /** Where it is told of erasures. */
  readonly endpoint: string;
}

/** Calls about erasures, by how they ended. */
export interface CallCounts {
  readonly notified: number;
  readonly pending: number;
  readonly failed: number;
}

export interface RecipientView extends RecipientDefinition {
  readonly uuid: string;
  readonly kind: RecipientKind;
  readonly receives: Receives;
  readonly createdAt: Date;
  /** Nothing is disclosed to it since; it is still told of people whose data it has. */
  readonly endedAt: Date | null;
  /** When somebody's data was last disclosed to it. */
  readonly disclosedAt: Date | null;
}

export interface RecipientDetail extends RecipientView {
  readonly calls: CallCounts;
  /** Why the newest call that was not taken was not; null when there is none. */
  readonly lastFailure: string | null;
}

/** A new recipient, with what it recognises our calls by. */
export interface RegisteredRecipient extends RecipientView {
  /** Shown once. */
  readonly secret: string;
}

/** A recipient as somebody whose data it has is told of it. */
export interface RecipientOfPerson extends Omit<RecipientDefinition, 'endpoint'> {
  readonly kind: RecipientKind;
  readonly receives: Receives;
  /** Null of one that gets everybody's data and for which nothing was recorded. */
  readonly firstAt: Date | null;
  readonly lastAt: Date | null;
  readonly endedAt: Date | null;
}

/**
 * What is to be told to recipients, sealed, in files beside the key ring: whatever database is put back does not bring it back, and
 * does not lose it.
 */
export interface SealedCalls {
  /** Durable when it resolves. Put again under the same id it takes the place of the former. */
  put(id: string, bytes: Buffer): Promise<void>;
  /** Null when there is none. */
  read(id: string): Promise<Buffer | null>;
  /** Overwrites and removes it. Repeated it does nothing. */
  drop(id: string): Promise<void>;
  /** Overwrites and removes what processes that were killed left half put. @returns how many files went */
  dropUnfinished(): Promise<number>;
  ids(): Promise<readonly string[]>;
}

export interface RecipientPost {
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type PostOutcome =
  | { readonly kind: 'taken' }
  /** `unreachable`, `timeout`, `address_refused` or `status_…`. */
  | { readonly kind: 'failed'; readonly code: string };

/** Posts to a public address over https, and to nothing else. Never throws. */
export type PostToRecipient = (post: RecipientPost) => Promise<PostOutcome>;

/** What a call holds: everything that is needed to make it when recipient, account and person are gone. */
export interface CallContent {
  readonly accountId: RowId;
  readonly recipientUuid: string;
  readonly erasureUuid: string;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly endpoint: string;
  readonly secret: string;
  readonly body: string;
}
