import type { RowId, Sql, Tx } from '../sql.types';
import type { EligibilityRules, SkipReason } from './eligibility.rules';
import type { BroadcastMessage } from './message.types';
import type { BroadcastStatus } from './state.rules';

export type BroadcastPurpose = 'promotional' | 'informational' | 'utility';

/** Who is meant, as a caller writes it. Everything given must hold; nothing given means everybody of the Pages. */
export interface AudienceFilter {
  readonly tagsAny?: readonly string[] | undefined;
  readonly tagsAll?: readonly string[] | undefined;
  readonly tagsNone?: readonly string[] | undefined;
  readonly refsAny?: readonly string[] | undefined;
  readonly optedInAfter?: Date | undefined;
  readonly lastInboundAfter?: Date | undefined;
  readonly window?: 'open' | 'any' | undefined;
  /** `de_AT`, or `de` for every kind of German. */
  readonly locales?: readonly string[] | undefined;
  /** A broadcast of the same account; leads of its audience are left out, whatever became of their message. */
  readonly notInBroadcast?: string | undefined;
}

/** What a request may hold: the filter, and leads by their public id. */
export interface AudienceInput extends AudienceFilter {
  readonly leadIds?: readonly string[] | undefined;
}

/** What is sealed with the broadcast. `byLead` says that `broadcast_lead` names the people, also when it is empty by now. */
export interface StoredAudience extends AudienceFilter {
  readonly byLead: boolean;
}

export interface Definition {
  readonly name: string;
  readonly message: BroadcastMessage;
  readonly audience: StoredAudience;
}

/** The parts of a schedule known to the API. Only `at` exists in this release. */
export interface ScheduleInput {
  readonly at?: Date | undefined;
  readonly atLocal?: string | undefined;
  readonly fallbackTimeZone?: string | undefined;
}

/** `template` belongs to a later release. */
export type MessageInput = BroadcastMessage & { readonly template?: unknown };

/** A whole broadcast as a caller writes it. Fields of later releases are in it so that they are refused by name. */
export interface BroadcastInput {
  readonly name: string;
  readonly purpose?: string | undefined;
  /** Meta's ids or ours. */
  readonly pageIds: readonly string[];
  readonly message: MessageInput;
  readonly audience?: AudienceInput | undefined;
  readonly schedule?: ScheduleInput | null | undefined;
  readonly quietHours?: unknown;
  readonly outOfWindow?: string | undefined;
  readonly holdUntil?: unknown;
  /** At most so many messages a second on each Page; the Page's own rate stays the upper bound. */
  readonly ratePerSecond?: number | null | undefined;
  readonly startDelaySeconds?: number | undefined;
}

export type BroadcastPatch = { readonly [Field in keyof BroadcastInput]?: BroadcastInput[Field] | undefined };

export type BroadcastPageState = 'open' | 'blocked' | 'done';

export interface BroadcastPageRow {
  readonly pageId: RowId;
  readonly uuid: string;
  readonly metaPageId: string;
  readonly name: string;
  readonly pageState: 'active' | 'stopped' | 'disconnected';
  readonly stopReason: string | null;
  readonly optInMode: 'conversation_start' | 'explicit';
  readonly ratePerSecond: number;
  readonly noticeVersion: number;
  readonly state: BroadcastPageState;
  readonly blockedReason: string | null;
  readonly generation: number;
}

export interface BroadcastRow {
  readonly id: RowId;
  readonly uuid: string;
  readonly accountId: RowId;
  readonly definitionCt: Buffer;
  readonly contentSha256: Buffer;
  readonly purpose: BroadcastPurpose;
  readonly status: BroadcastStatus;
  readonly blockedReason: string | null;
  readonly outOfWindow: 'skip' | 'hold';
  readonly scheduledAt: Date | null;
  readonly startAt: Date | null;
  readonly ratePerSecond: number | null;
  readonly startDelaySeconds: number;
  readonly statusBeforePause: BroadcastStatus | null;
  readonly launchedAt: Date | null;
  readonly frozenAt: Date | null;
  readonly completedAt: Date | null;
  readonly cancelledAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export type DeliveryStatus = 'pending' | 'sending' | 'held' | 'accepted' | 'rejected' | 'uncertain' | 'skipped';

/** Every reason a delivery may be skipped for; the first seven are found by the rules. */
export type DeliveryReason = SkipReason | 'frequency_cap' | 'cancelled' | 'erased';

/** How the names in a filter become ids. Wired to the slices that own them. */
export interface AudienceLookups {
  /** The tags that exist, by their normalised name. */
  tagIds(sql: Sql, accountId: RowId, names: readonly string[]): Promise<ReadonlyMap<string, RowId>>;
  /** What `lead.ref_index` holds for a referral's `ref` on this Page. */
  refIndex(pageUuid: string, ref: string): Promise<Buffer>;
}

/** The account's own key, under which definitions are sealed. */
export type AccountKey = (accountId: RowId) => Promise<Buffer>;

export type RulesAt = (at: Date) => EligibilityRules;

/** Writes one row of kind `test` for a lead that this transaction has locked. */
export type QueueTestReply = (
  tx: Tx,
  reply: {
    readonly lead: { readonly id: RowId; readonly uuid: string };
    readonly page: { readonly id: RowId; readonly uuid: string };
    readonly kind: 'test';
    readonly cause: string;
    readonly language: string;
    readonly broadcastId: RowId;
  },
) => Promise<unknown>;
