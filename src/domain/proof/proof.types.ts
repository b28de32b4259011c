/** A file of a bundle. */
export interface BundleFile {
  readonly path: string;
  readonly bytes: Buffer;
}

/** What the body of an entry about a person says, as far as a bundle needs to know. */
export interface EntryFacts {
  readonly kind: string;
  readonly at: string;
  readonly psid: string;
  readonly page: string;
  readonly event_at?: string;
  readonly via?: string;
  readonly basis?: string;
  readonly purposes?: readonly string[];
  readonly state?: string;
  readonly notice?: {
    readonly lang: string;
    readonly sha256: string;
    readonly surface: string;
    readonly version: number;
  };
  readonly subject: { readonly n: number; readonly ref: string; readonly prev: string | null };
  readonly evidence?: {
    readonly at: string;
    readonly hdr: string;
    readonly i: number;
    readonly len: number;
    readonly segs: readonly (readonly [kind: 'p' | 'e' | 'm', length: number, hash: string])[];
  };
}

/** An entry of a person's chain, opened, with its place in the log. */
export interface ChainEntry {
  readonly entryId: string;
  readonly index: number;
  readonly body: Buffer;
  readonly nonce: Buffer;
  readonly commitment: Buffer;
  readonly facts: EntryFacts;
  /** Pieces of the webhook it rests on that are kept, by their place among `segs`. */
  readonly segments: ReadonlyMap<number, { readonly bytes: Buffer; readonly nonce: Buffer | null }>;
}

/** One message that was authorised, opened. */
export interface ProvedMessage {
  readonly uuid: string;
  readonly broadcastUuid: string;
  /** A test of the broadcast, by its `sends` entry. */
  readonly isTest: boolean;
  readonly at: Date;
  readonly body: Buffer;
  readonly nonce: Buffer;
  readonly position: number;
  readonly commitments: readonly Buffer[];
  readonly sends: { readonly index: number; readonly body: Buffer; readonly nonce: Buffer };
}

/** All that is proved about one person: the whole chain as far as it is signed, and messages. */
export interface ProvedPerson {
  readonly leadId: string;
  readonly pageName: string;
  readonly metaPageId: string;
  readonly subjectRef: string;
  readonly entries: readonly ChainEntry[];
  readonly messages: readonly ProvedMessage[];
  /** How many there are of those that were asked for; `messages` holds the newest. */
  readonly messagesInAll: number;
}

/** The checkpoint all proofs of a bundle lead to. */
export interface BundleHead {
  readonly size: number;
  readonly signedAt: Date;
  /** With the lines of witnesses. */
  readonly note: string;
}
