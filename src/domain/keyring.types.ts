/** What a key made from a Page's ring is for. Destroying the ring destroys every one of them. */
export type PageKeyPurpose = 'page-token' | 'ref' | 'suppression';

/** What a key of the installation's own ring is for. */
export type SystemKeyPurpose =
  | 'account-index'
  | 'closed-leaf'
  | 'ended'
  | 'erased-account'
  | 'erased-lead'
  | 'idempotency'
  | 'meta-request'
  | 'opening-owner'
  | 'pending-mac'
  | 'log-signing'
  | 'recipient-call'
  | 'self-timestamp';

export interface PendingMacKey {
  readonly id: number;
  readonly key: Buffer;
}

/** A key of the log that another one took the place of. */
export interface FormerLogKey {
  /** 32 bytes. */
  readonly publicKey: Buffer;
  /** 32 bytes; null once it is destroyed. */
  readonly seed: Buffer | null;
  /** Leaf of the entry that names its successor: every checkpoint that holds it is signed by the successor. Null while that waits. */
  readonly successorLeaf: number | null;
  /** Until then it signs beside its successors; null as long as that entry waits. */
  readonly signsUntil: Date | null;
}

/** A bucket with a new version that no `commit` has made its only one yet. */
export interface StagedVersion {
  readonly bucket: number;
  readonly version: number;
}

/** The wrapped key of a lead, 40 bytes, as it lies beside the key ring. */
export interface KeptLeadKey {
  readonly leadUuid: string;
  readonly dekWrapped: Buffer;
}

/** The key of an account as release 0.1.0 kept it in the database. */
export interface WrappedAccountKey {
  readonly uuid: string;
  readonly dekWrapped: Buffer;
}

/** A key that goes by itself: see `createLetterKey`. */
export interface LetterKey {
  /** A UUID; `accountKey` and `destroyAccountKey` know it by this. */
  readonly name: string;
  /** 32 bytes. */
  readonly key: Buffer;
}

export type RingCheck = { readonly ok: true } | { readonly ok: false; readonly rings: readonly string[] };

/**
 * The keys that live outside PostgreSQL, in files shared by all processes.
 *
 * Functions that answer at once work on what is in memory. They throw `key_version_unknown` (OperationalError) when
 * the Page's ring or that version of a bucket is not loaded: await `reload` and try once more; still
 * unknown means that the key exists nowhere any more.
 *
 * Functions that answer a promise may take a database connection of their own: never await them inside a transaction.
 * Buffers handed out are the ring's own; never write to them.
 */
export interface KeyRing {
  /** @returns `dek` (32 bytes) wrapped under the bucket's key, 40 bytes */
  wrapLeadKey(pageUuid: string, bucket: number, version: number, dek: Buffer): Buffer;
  unwrapLeadKey(pageUuid: string, bucket: number, version: number, wrapped: Buffer): Buffer;
  /** @returns 16 bytes that find a person of the bucket without naming them */
  blindIndex(pageUuid: string, bucket: number, version: number, metaPageId: string, psid: string): Buffer;
  /** @returns 0 to 1023; the same for a person as long as the ring lives */
  bucketOf(pageUuid: string, psid: string): number;
  /** @returns 32 bytes */
  pageKey(pageUuid: string, purpose: PageKeyPurpose): Buffer;
  /** @returns 32 bytes; for `log-signing` the Ed25519 seed */
  systemKey(purpose: SystemKeyPurpose): Buffer;
  /** The key of the MAC over pending ledger rows: the current one, or the one a row names. */
  pendingMacKey(id?: number): PendingMacKey;
  /** Oldest first. */
  formerLogKeys(): readonly FormerLogKey[];
  /** Generation of the system ring that is in memory. */
  systemGeneration(): number;

  /** The key of an account's own fields, 32 bytes; null when what is in memory has none. */
  accountKey(accountUuid: string): Buffer | null;
  /** Durable before it is handed out. */
  createAccountKey(accountUuid: string): Promise<Buffer>;
  /** Takes in those that are not here yet. */
  takeInAccountKeys(wrapped: readonly WrappedAccountKey[]): Promise<void>;
  /** Destroys the key that wrapped those of all accounts: no older copy of the database opens one by it any more. */
  retireSharedAccountKey(): Promise<void>;
  destroyAccountKey(accountUuid: string): Promise<void>;
  /**
   * A new key for what outlives an account for a moment. It is destroyed with the inbox key of `day`, if not before: whoever dies
   * leaves none that stays.
   */
  createLetterKey(day: number): Promise<LetterKey>;

  /** Brings the system keys in step with what other processes have made of them. */
  refreshSystemKeys(): Promise<void>;
  /** Makes a new key of the log, if this one is still its key, which then signs beside it. */
  replaceLogKey(current: { readonly publicKey: Buffer; readonly seed: Buffer }): Promise<void>;
  /** Says of a former key, once, from which leaf on its successor signs and how long it signs beside it. */
  boundFormerLogKey(publicKey: Buffer, successorLeaf: number, signsUntil: Date): Promise<void>;
  /** Destroys the seeds of former keys whose time is over. */
  destroyFormerLogSeeds(now: Date): Promise<void>;

  /** Reads a Page's ring again. A ring that does not exist is simply not loaded afterwards. */
  reload(pageUuid: string): Promise<void>;
  /** Makes the ring of a new Page, every bucket at version 1. Does nothing when it exists. */
  createPageRing(pageUuid: string): Promise<void>;
  /**
   * Adds a version to a bucket, durable when this resolves; every call gives a higher number.
   *
   * Whoever rotates holds `key_bucket` FOR UPDATE and goes on only if its version is lower than the staged one: a
   * higher one means that another rotation has passed and may already have destroyed this version.
   */
  stage(pageUuid: string, bucket: number): Promise<number>;
  /**
   * Keeps, beside the ring, the wrapped keys of the leads of a bucket under `version`, before `commit` destroys the version below it: a
   * database that is set back later has them under keys that are gone. Whoever is not among them was erased. Durable when it resolves.
   */
  keepLeadKeys(pageUuid: string, bucket: number, version: number, keys: readonly KeptLeadKey[]): Promise<void>;
  /** Null when nothing whole is kept of that version. */
  keptLeadKeys(pageUuid: string, bucket: number, version: number): Promise<readonly KeptLeadKey[] | null>;
  /** Versions of the bucket that the loaded ring has keys of, the newest first. */
  bucketVersions(pageUuid: string, bucket: number): readonly number[];
  /** Destroys every version of the bucket below `version`, and what is kept under them, once the rows that use `version` are committed. */
  commit(pageUuid: string, bucket: number, version: number): Promise<void>;
  /** Rotations a crash may have left unfinished: commit each bucket to the version its `key_bucket` row has. */
  stagedVersions(pageUuid: string): readonly StagedVersion[];
  /** Destroys every key of a Page, and what is kept under them. Repeating it finishes what a crash interrupted. */
  dropRing(pageUuid: string): Promise<void>;

  /**
   * The key of one day's webhook bodies (`day`: whole days since 1970, UTC). Today's and yesterday's are made on demand and are
   * durable before they are handed out.
   *
   * @throws {OperationalError} `inbox_key_destroyed`
   */
  inboxKey(day: number): Promise<Buffer>;
  /** Letter keys of those days go too. */
  destroyInboxKeysBefore(day: number): Promise<void>;

  /**
   * Writes every ring anew under the master key that seals now. Other processes read them again at their next check; each must have
   * that key by then.
   *
   * @returns how many rings there are
   */
  reseal(): Promise<number>;

  /** Compares every ring file with its row and forgets keys that other processes have destroyed. */
  verifyAgainstRegistry(): Promise<RingCheck>;
}

/**
 * Accounts that were deleted, by their keyed hash, kept where the key ring lies: a database that was set back would bring them
 * back.
 */
export interface ErasedAccounts {
  /** Durable when it resolves. Added twice is added once. */
  add(mac: Buffer): Promise<void>;
  all(): Promise<readonly Buffer[]>;
}

/** What ended and must not be in force again in a database that was set back, by a keyed hash of its id. */
export interface EndedFact {
  /** 16 bytes. */
  readonly mac: Buffer;
  /** Of a withdrawal: the number of its entry in the person's chain. 0 of an API key. */
  readonly n: number;
}

/** What ended in the last months, kept where the key ring lies. */
export interface EndedFacts {
  /** Durable when it resolves. Added twice does no harm. @param day whole days since 1970, UTC */
  add(day: number, facts: readonly EndedFact[]): Promise<void>;
  /** The highest number that was added of each, by its hash in hex. */
  all(): Promise<ReadonlyMap<string, number>>;
  /** Forgets what was added before a day. @returns how many days were forgotten */
  forgetBefore(day: number): Promise<number>;
}

/** The second copy of the key ring. */
export interface KeyRingCopy {
  /**
   * Brings the copy in step: rings that changed are replaced, the old bytes overwritten, and what was destroyed goes there too.
   *
   * @returns how many files changed
   */
  update(): Promise<number>;
}
