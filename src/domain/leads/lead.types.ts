import type { LeadStatus } from '../lead-status.types';
import type { RowId } from '../sql.types';

/** A person of one Page, as stored. Holds nothing that names the person in clear. */
export interface LeadRow {
  readonly id: RowId;
  readonly uuid: string;
  readonly accountId: RowId;
  readonly pageId: RowId;
  readonly status: LeadStatus;
  readonly subjectRef: Buffer;
  readonly chainN: number;
  readonly chainHead: Buffer | null;
  readonly consentEntry: string | null;
  readonly consentCommitment: Buffer | null;
  readonly consentN: number | null;
  readonly optedInAt: Date | null;
  readonly explicitActAt: Date | null;
  readonly withdrawnAt: Date | null;
  readonly withdrawalCommitment: Buffer | null;
  readonly lastInboundAt: Date | null;
  readonly lastAdMessageAt: Date | null;
  readonly marketingTokenState: string | null;
  readonly marketingTokenAt: Date | null;
  readonly noticeShownAt: Date | null;
  readonly unreachableAt: Date | null;
  readonly failedInARow: number;
  readonly refIndex: Buffer | null;
  readonly locale: string | null;
  readonly createdAt: Date;
  /** When they came back from the archive of a deleted account; null for whoever came by themselves. */
  readonly returnedAt: Date | null;
}

/** Where the key of a lead lies, and what is sealed under it. */
export interface LeadKeyRow {
  readonly bucket: number;
  readonly keyVersion: number;
  readonly dekWrapped: Buffer;
  readonly psidCt: Buffer;
}

export type KeyedLeadRow = LeadRow & LeadKeyRow;

/** A lead whose row this transaction has locked, with its key at hand. */
export interface OpenLead {
  readonly row: LeadRow;
  /** The lead's own key: everything personal of it is sealed under this. */
  readonly dek: Buffer;
  readonly psid: string;
}

/** What of a Page the keys and rows of its leads hang on. */
export interface LeadPage {
  readonly id: RowId;
  readonly uuid: string;
  readonly accountId: RowId;
  readonly metaPageId: string;
}
