export { makeAudienceLookups, type AudienceLookupDeps } from './audience-lookups';
export {
  blockBroadcastsOfPage,
  blockPage,
  makeReopenPages,
  reopenBroadcast,
  reopenBroadcastsOfPage,
  type BroadcastPageRef,
} from './block-pages';
export type { AudienceView, BroadcastPageView, BroadcastSummary, BroadcastView, ViewDeps } from './broadcast-view';
export { findBroadcast, findOwnBroadcast } from './broadcast.store';
export type {
  AccountKey,
  AudienceFilter,
  AudienceInput,
  AudienceLookups,
  BroadcastInput,
  BroadcastPageState,
  BroadcastPatch,
  BroadcastPurpose,
  BroadcastRow,
  Definition,
  DeliveryReason,
  DeliveryStatus,
  MessageInput,
  QueueTestReply,
  RulesAt,
  ScheduleInput,
} from './broadcast.types';
export { broadcastNotFound, BroadcastStateError, type BroadcastErrorCode } from './broadcasts.errors';
export {
  makeCancelBroadcast,
  makeLaunchBroadcast,
  makePauseBroadcast,
  makeResumeBroadcast,
  type ControlBroadcastDeps,
  type OwnBroadcast,
} from './control-broadcast';
export { openDefinition } from './definition';
export {
  makeExportDeliveries,
  makeListDeliveries,
  type DeliveryFilter,
  type DeliveryList,
  type DeliveryView,
  type ListDeliveriesInput,
} from './delivery-list';
export {
  BROADCAST_PURPOSES,
  MAX_AUDIENCE_LEADS,
  MAX_FILTER_VALUES,
  MAX_NAME_CHARACTERS,
  MAX_PAGES,
  MAX_START_DELAY_SECONDS,
} from './draft.rules';
export {
  decideEligibility,
  eligibilityRules,
  LIVE_MARKETING_TOKENS,
  makeRulesAt,
  SKIP_REASONS,
  windowEdges,
  type EligibilityDecision,
  type EligibilityRules,
  type LeadFacts,
  type PageFacts,
  type SkipReason,
  type WindowEdges,
} from './eligibility.rules';
export { eligibilitySql, windowOpenSql, type EligibilityAliases, type EligibilitySql } from './eligibility.store';
export { makeFreezeAudience, type FreezeDeps, type FreezeResult } from './freeze-audience';
export { LATE_START, type ControlDeps } from './launch';
export { checkMessage, contentSha256, messageShape, renderMessage, type MessageShape } from './message.rules';
export type { BroadcastMessage, MetaMessage, RenderOptions } from './message.types';
export { CONTENT_REFUSED } from './page-state.store';
export {
  makeEstimateAudience,
  makePreflight,
  UNSUBSCRIBE_TITLE,
  type AudienceEstimate,
  type EstimateAudienceInput,
  type EstimateDeps,
  type PageCounts,
  type Preflight,
  type PreflightDeps,
  type PreflightPage,
} from './preflight';
export type { AudienceCounts, PreflightWarning, WarningCode } from './preflight.rules';
export { makeGetBroadcast, makeListBroadcasts, type BroadcastList, type ListBroadcastsInput } from './read-broadcasts';
export { BROADCAST_STATUSES, TRANSITIONS, type BroadcastAction, type BroadcastStatus } from './state.rules';
export { statsOf, type BroadcastStats, type StatsRow } from './stats.rules';
export {
  makeCompleteFinished,
  makeFinishCancelled,
  makeRequeueIdlePages,
  makeRequeuePreparing,
  makeStartDue,
  makeWakeBroadcast,
  type SweepDeps,
} from './sweep-broadcasts';
export {
  makeTestBroadcast,
  MAX_TEST_LEADS,
  type TestBroadcastDeps,
  type TestBroadcastInput,
  type TestBroadcastResult,
} from './test-broadcast';
export {
  makeCreateBroadcast,
  makeDeleteBroadcast,
  makeUpdateBroadcast,
  type CreateBroadcastInput,
  type UpdateBroadcastInput,
  type WriteDraftDeps,
} from './write-drafts';
