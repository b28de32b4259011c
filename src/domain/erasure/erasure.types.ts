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
}
