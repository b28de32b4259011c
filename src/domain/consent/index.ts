export { announcedFact, makeAnnounceKeys, readLogKeyEntries, type LogKeyEntry } from './announce-keys';
export { makeRotateLogKey, makeSettleLogKeys, type LogKeyRotation } from './rotate-log-key';
export {
  appendLeadEntry,
  appendSends,
  appendSystemEntry,
  makeAppendPageEntry,
  NONCE_BYTES,
  openingPlace,
  type AppendDeps,
  type AppendedEntry,
  type AppendedLeadEntry,
  type SendsInput,
} from './append-entry';
export {
  historyOf,
  makeConsentHistory,
  openEntries,
  type ConsentHistoryDeps,
  type HistoryEntry,
  type OpenedEntry,
} from './consent-history';
export {
  decideConsent,
  NO_ANSWERS,
  FURTHEST_AHEAD_MS,
  trustedAt,
  type Act,
  type AnswersUnderWay,
  type ConsentReply,
  type ConsentState,
  type Decision,
  type KnownLead,
  type PlannedEntry,
} from './consent.rules';
export { evidenceOf, type SignedBody } from './evidence.rules';
export { placesOf } from './evidence-places.rules';
export { insertEvidence } from './evidence.store';
export { makeExpireTokens } from './expire-tokens';
export { commitment, eventSegmentHash, sendCommitment, sendNonce, sendsRoot } from './ledger/commitment.rules';
export { accountOpeningMac, leadOpeningMac, type LeadOpening } from './ledger/opening-owner.rules';
export { sendBody } from './ledger/entry-body.rules';
export type {
  ConsentVia,
  LeadEntry,
  NoticeReference,
  OptInVia,
  Purpose,
  SendFacts,
  SystemEntry,
  WithdrawVia,
} from './ledger/entry-body.types';
export { ownOpenings, type OwnOpeningsDeps } from './own-openings';
export {
  DEFAULT_LANGUAGE,
  evidencePlace,
  recordConsent,
  type ConsentChange,
  type ConsentPage,
  type EventEvidence,
} from './record-consent';
export { recordToken, type TokenEvent } from './record-token';
