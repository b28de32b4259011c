import type { AppendDeps } from '../consent';
import type { EndedFacts, ErasedAccounts } from '../keyring.types';
import type { CheckpointCopy, LeafCopy, SequenceResult } from '../ledger';
import type { Log } from '../../kernel/log';
import type { SealedCalls } from '../recipients';
import type { Database, RowId } from '../sql.types';
import type { RingRow } from './restore.store';

export interface RestoreDeps extends AppendDeps {
  readonly db: Database;
  readonly log: Log;
  readonly checkpointCopy: CheckpointCopy;
  readonly leafCopy: LeafCopy;
  readonly erasedAccounts: ErasedAccounts;
  /** Who unsubscribed and which API keys were revoked, beside the key ring. */
  readonly ended: EndedFacts;
  /** Unsubscribes a lead, without a word to them. */
  readonly withdrawLead: (leadId: RowId) => Promise<void>;
  /** What recipients are still to be told, beside the key ring. */
  readonly sealedCalls: SealedCalls;
  /** Rings as their files are now. */
  readonly rings: () => Promise<readonly RingRow[]>;
  readonly sequence: () => Promise<SequenceResult>;
  /** When the checkpoint beside the keys was written; null when there is none. */
  readonly lastSignedAt: Date | null;
}

/** What a restored database lacks, and what it must not have again. */
export interface RestorePlan {
  /** Whether the database was set back at all. */
  readonly isNeeded: boolean;
  /** Leaves of the log here, and under the newest checkpoint. */
  readonly entries: { readonly stored: number; readonly signed: number };
  /** People who were erased since. */
  readonly peopleErased: number;
  /** People whose keys exist nowhere, though nothing says that they were erased. */
  readonly peopleUnreadable: number;
  /** People who unsubscribed since, as far as that is kept beside the key ring. */
  readonly peopleUnsubscribed: number;
  /** API keys that were revoked since. */
  readonly apiKeysRevoked: number;
  /** Accounts that were deleted since. */
  readonly accountsDeleted: number;
  /** Broadcasts that will be paused until somebody resumes them. */
  readonly broadcastsHeld: number;
  readonly rings: {
    readonly older: readonly string[];
    readonly missing: readonly string[];
    /** Made since the backup. Their files stay; nothing in this database is sealed under them. */
    readonly unknown: readonly string[];
  };
}

export interface RestoreResult extends RestorePlan {
  /** Entries that are signed and that nothing here can open any more. */
  readonly entriesLost: number;
}
