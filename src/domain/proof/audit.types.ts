/** What an audit found wrong. Names an entry, never a person. */
export interface Finding {
  /** Stable; the sentence may change. */
  readonly what: string;
  /** Leaf in the log; null for what has none. */
  readonly leafIndex: number | null;
  readonly entryId: string | null;
  readonly sentence: string;
}

/** Takes findings as they come. */
export type Report = (what: string, leafIndex: number | null, entryId: string | null, sentence: string) => void;

export interface AuditResult {
  readonly ok: boolean;
  readonly size: number;
  /** Of the whole tree, recomputed; base64. */
  readonly root: string;
  /** Leaves whose opening was recomputed. */
  readonly opened: number;
  /** Leaves that nothing opens any more, and that `erasure` entries account for. */
  readonly unopenable: number;
  /** Leaves of accounts that are being deleted: their keys are gone, their rows are going. */
  readonly ending: number;
  readonly people: number;
  readonly messages: number;
  /** Leaves by state other than `open`. */
  readonly erased: number;
  readonly closed: number;
  readonly lost: number;
  /** Entries that wait for their leaf. */
  readonly pending: number;
  /** Rows the sequencer set aside. */
  readonly rejected: number;
  /** How many findings there are. */
  readonly wrong: number;
  /** The one with the lowest leaf. */
  readonly first: Finding | null;
  /** The first hundred by leaf. */
  readonly findings: readonly Finding[];
}

/** Of an opening whose MAC is not that of who has it. */
export const UNSHOWN = 'nothing shows that an opening is of whom it stands by';
