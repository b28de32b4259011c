import type { Checkpoint } from '../note.rules';

/** `self`: made by this installation, and proof of nothing to a stranger. The others are outside it. */
export type AnchorClass = 'self' | 'tsa' | 'witness';

/** What somebody is asked to vouch for. */
export interface AnchorRequest {
  /** The signed note as stored: text, empty line, the log's signature. */
  readonly note: string;
  readonly checkpoint: Checkpoint;
  /** Size of the last checkpoint this service anchored; 0 when there was none. */
  readonly lastSize: number;
  /** RFC 6962 consistency proof from an older size to this checkpoint. */
  readonly consistencyFrom: (oldSize: number) => Promise<readonly Buffer[]>;
}

export interface AnchorToken {
  /** A whole TimeStampResp, or a cosignature line. */
  readonly token: Buffer;
  /** PEM of the certificates inside a time-stamp. */
  readonly certificates: string | null;
  /** The time it states. */
  readonly anchoredAt: Date;
}

export type AnchorOutcome =
  | ({ readonly ok: true } & AnchorToken)
  /** A word of ours; never what the other side wrote. */
  | { readonly ok: false; readonly fault: string };

export interface AnchorService {
  /** Unique among the services of an installation. */
  readonly name: string;
  readonly class: AnchorClass;
  /** Not more often than this. */
  readonly everyMs: number;
  readonly anchor: (request: AnchorRequest) => Promise<AnchorOutcome>;
}

/** A time-stamping authority by URL (RFC 3161 over HTTP). Answers the body of a 200, or null. */
export type AskTimestamp = (request: Buffer) => Promise<Buffer | null>;

/** A witness by URL (C2SP tlog-witness). Answers status and body, or null when there was none. */
export type AskWitness = (body: string) => Promise<{ readonly status: number; readonly text: string } | null>;
