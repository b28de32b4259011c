import type { TokenState } from '../../lead-status.types';

/** How a conversation was opened. */
export type OptInVia = 'get_started' | 'first_message' | 'referral' | 'ad' | 'optin_plugin' | 'marketing_optin';
export type ConsentVia = 'quick_reply' | 'button' | 'keyword' | 'marketing_optin';
/** How consent was taken back; `bounce`: Meta says that the person blocked the Page. */
export type WithdrawVia = 'postback' | 'keyword' | 'meta_stop' | 'admin' | 'api' | 'bounce' | 'web';
export type Purpose = 'marketing.broadcast' | 'reply';

/** The wording in force, by its hash. */
export interface NoticeReference {
  readonly language: string;
  readonly sha256: Buffer;
  readonly surface: string;
  readonly version: number;
}

/** Pieces of a webhook body: `p` lies between events, `e` is one person's event, `m` a run from one event to another. */
export interface SegmentReference {
  readonly kind: 'p' | 'e' | 'm';
  /** Bytes. */
  readonly length: number;
  readonly hash: Buffer;
}

/** The signed webhook an entry rests on. */
export interface Evidence {
  readonly receivedAt: Date;
  /** `X-Hub-Signature-256` as received. */
  readonly header: string;
  /** Which of `segments` is this person's event. */
  readonly index: number;
  /** Length of the whole body, bytes. */
  readonly length: number;
  /** First 8 bytes of `secretCommitment` of the secret that matched. */
  readonly secretId: Buffer;
  readonly segments: readonly SegmentReference[];
}

interface Inbound {
  readonly eventAt: Date;
  readonly evidence: Evidence;
}

interface OptInFields extends Inbound {
  /** The `ref` of an m.me link or an ad, where there was one. */
  readonly ref?: string;
  readonly notice: NoticeReference;
  readonly purposes: readonly Purpose[];
  readonly basis: string;
}

/** An entry about a person: its body is sealed under that person's key. */
export type LeadEntry =
  | ({ readonly kind: 'opt_in'; readonly via: OptInVia } & OptInFields)
  | ({
      readonly kind: 're_opt_in';
      readonly via: OptInVia | ConsentVia | 'keyword';
      /** Commitment of the withdrawal. */ readonly after: Buffer;
    } & OptInFields)
  | ({
      readonly kind: 'consent';
      readonly via: ConsentVia;
      readonly notice: NoticeReference;
      readonly purposes: readonly Purpose[];
    } & Inbound)
  | { readonly kind: 'withdraw'; readonly via: WithdrawVia; readonly inbound: Inbound | null }
  | {
      readonly kind: 'token';
      readonly state: TokenState;
      readonly expiresAt: Date | null;
      readonly tokenSha256: Buffer;
      readonly inbound: Inbound | null;
    }
  | { readonly kind: 'notice_shown'; readonly notice: NoticeReference; readonly mid: string }
  | { readonly kind: 'object'; /** Public id of the request. */ readonly request: string };

/** What every entry about a person has. */
export interface LeadEntryPlace {
  /** Origin of the log. */
  readonly log: string;
  readonly metaPageId: string;
  readonly psid: string;
  readonly at: Date;
  readonly subject: {
    /** 16 random bytes, made with the lead. */
    readonly ref: Buffer;
    /** 1, 2, 3 … */
    readonly n: number;
    /** Commitment of the person's entry before this one; null for the first. */
    readonly prev: Buffer | null;
  };
}

/** An entry that concerns nobody: its opening stays readable for ever. */
export type SystemEntry =
  | {
      readonly kind: 'sends';
      readonly metaPageId: string;
      /** Public id. */
      readonly broadcast: string;
      readonly contentSha256: Buffer;
      /** Sent to people whom the account chose to try a draft on. */
      readonly isTest: boolean;
      readonly n: number;
      readonly root: Buffer;
    }
  | { readonly kind: 'notice'; readonly metaPageId: string; readonly notice: NoticeReference }
  | { readonly kind: 'settings'; readonly metaPageId: string; readonly optInMode: string; readonly basis: string }
  | {
      readonly kind: 'erasure';
      /** Only its day is said. */
      readonly atDay: Date;
      readonly scope: 'lead' | 'account';
      /** Leaves that it closed. */
      readonly leaves: number;
      /** SHA-256 of the head of the certificate. */
      readonly certificate: Buffer;
    }
  | {
      /** A database was set back, and what it had lost or should not have again was accounted for; or people came back from an archive. */
      readonly kind: 'restore';
      readonly state: 'lost' | 'erased' | 'closed' | 'returned';
      /** Leaves that this closed; of `returned`, leaves of a deleted account that it opened again. */
      readonly leaves: number;
      /** Of `lost`: leaves that the database held when it was set back. */
      readonly size?: number;
    }
  | { readonly kind: 'log_key'; readonly vkey: string }
  | { readonly kind: 'secret_commit'; readonly commitment: Buffer };

export interface SystemEntryPlace {
  readonly log: string;
  readonly at: Date;
}

/** One message of a chunk, rebuilt from its delivery row whenever it is to be proved. */
export interface SendFacts {
  readonly log: string;
  /** Public ids. */
  readonly delivery: string;
  readonly broadcast: string;
  readonly attempt: number;
  readonly metaPageId: string;
  readonly psid: string;
  /** Time of the claim. */
  readonly at: Date;
  readonly path: 'standard' | 'utility' | 'marketing';
  readonly consent: {
    readonly commitment: Buffer;
    /** Leaf index; null in messages of release 0.1.0, which had no sequencer. */ readonly index: number | null;
  };
  readonly subject: { readonly ref: Buffer; readonly n: number };
}
