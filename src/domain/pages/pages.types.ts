import type { RowId, Tx } from '../sql.types';

export type PageState = 'active' | 'stopped' | 'disconnected';
export type OptInMode = 'conversation_start' | 'explicit';

/** Wall times of the Page's time zone; `from` may lie after `to` (over midnight). */
export interface QuietHours {
  readonly from: string;
  readonly to: string;
}

export interface MetaFault {
  readonly metaCode: number | null;
  readonly metaSubcode: number | null;
  readonly message: string;
}

/** How far Meta's side of a connected Page got. */
export interface PageSetup {
  /** `reduced`: works, but Meta refused some webhook fields. `failed`: connect or update the Page again. */
  readonly state: 'complete' | 'reduced' | 'failed';
  readonly subscribedFields: readonly string[];
  readonly lostFields: readonly string[];
  readonly faults: readonly (MetaFault & { readonly step: 'profile' | 'subscription' })[];
  /** SHA-256, hex, of the greeting and menu that were set. Not there where an earlier release did it. */
  readonly profile?: string;
}

export interface PageStop {
  readonly reason: string;
  readonly code: number | null;
  readonly subcode: number | null;
  readonly at: Date;
}

export interface PageSettings {
  readonly name: string;
  readonly optInMode: OptInMode;
  readonly basis: string;
  readonly addressesEea: boolean;
  readonly ratePerSecond: number;
  readonly timeZone: string;
  readonly quietHours: QuietHours | null;
}

export interface Page extends PageSettings {
  readonly id: RowId;
  readonly uuid: string;
  readonly accountId: RowId;
  readonly metaPageId: string;
  /** Sealed; null once disconnected. Never leaves the program. */
  readonly tokenCt: Buffer | null;
  readonly state: PageState;
  readonly stop: PageStop | null;
  readonly noticeVersion: number;
  /** null while the first set-up at Meta has not ended; then connect the Page again. */
  readonly setup: PageSetup | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The welcome wording of one language, whole, as it is shown. */
export interface Notice {
  readonly version: number;
  readonly language: string;
  readonly surface: string;
  readonly body: string;
  readonly sha256: Buffer;
}

/** Language to the editable part of the welcome; null removes a language. */
export type NoticeChange = Readonly<Record<string, string | null>>;

/** What may be asked of a Page's settings; absent means: as it is, or the default. */
export interface PageSettingsChange {
  readonly name?: string | undefined;
  readonly optInMode?: OptInMode | undefined;
  /** Why a conversation start is enough although people in the EEA, UK or Switzerland are addressed. */
  readonly optInModeReason?: string | undefined;
  readonly basis?: string | undefined;
  readonly addressesEea?: boolean | undefined;
  readonly ratePerSecond?: number | undefined;
  readonly acceptRiskAbove40?: boolean | undefined;
  readonly timeZone?: string | undefined;
  readonly quietHours?: QuietHours | null | undefined;
  readonly notice?: NoticeChange | undefined;
}

/** A fact about the Page that goes into the ledger in clear; the notice has one entry a language. */
export type PageLedgerEntry =
  | {
      readonly kind: 'notice';
      readonly metaPageId: string;
      readonly notice: Pick<Notice, 'version' | 'language' | 'surface' | 'sha256'>;
    }
  | { readonly kind: 'settings'; readonly metaPageId: string; readonly optInMode: OptInMode; readonly basis: string };

export type AppendPageEntry = (tx: Tx, entry: PageLedgerEntry, accountId: RowId) => Promise<unknown>;
