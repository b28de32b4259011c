import type { CallCounts } from '../recipients';
import type { RowId } from '../sql.types';

/** `waiting` for what is under way; `destroying`: rows gone, keys going; `complete`: certificate signed. */
export type ErasureState = 'waiting' | 'destroying' | 'complete';

/** Who asked; or that it was kept long enough. */
export type ErasureOrigin = 'api' | 'chat' | 'retention';

export interface ErasureView {
  readonly uuid: string;
  /** Names the erasure on its public page. */
  readonly code: string;
  readonly state: ErasureState;
  readonly requestedAt: Date;
  readonly rowsDeletedAt: Date | null;
  readonly keysDestroyedAt: Date | null;
  readonly completedAt: Date | null;
  /** Recipients of the person's data that are told of it; none before the rows are gone. */
  readonly recipients: CallCounts;
  /** A signed note, once complete. */
  readonly certificate: string | null;
}

/** An erasure that is not complete. */
export interface OpenErasure {
  readonly id: RowId;
  readonly uuid: string;
  readonly code: string;
  readonly state: 'waiting' | 'destroying';
  readonly keepsMark: boolean;
  readonly accountId: RowId;
  readonly leadId: RowId | null;
  readonly subjectSha256: Buffer;
  readonly bucket: number;
  readonly requestedAt: Date;
  readonly rowsDeletedAt: Date | null;
  readonly keysDestroyedAt: Date | null;
  readonly keyVersion: number | null;
  readonly commitment: Buffer | null;
  readonly certificateHead: string | null;
  /** What is known of what is left, as the certificate says it. */
  readonly footprint: string | null;
}

/** Looks for what named people whose rows and keys are gone; ends after a while. */
export type CheckFootprint = (people: readonly (readonly Buffer[])[]) => Promise<{
  /** Of each person, in the order given; no patterns: they were not looked for. */
  readonly people: readonly { readonly hits: number; readonly patterns: number }[];
  readonly stores: number;
  readonly looked: number;
  readonly isControlFound: boolean;
  readonly found: readonly { readonly store: string; readonly count: number }[];
}>;
