export type { AccountCounts, AccountErasureView } from './account-erasure.store';
export {
  makeAskAccountErasure,
  makeConfirmAccountErasure,
  makeFindAnsweredErasure,
  makeForgetUnanswered,
  makeShowAccountErasure,
  makeShowAskedErasure,
  type AskAccountErasureDeps,
  type AskedView,
  type ConfirmedErasure,
} from './ask-account-erasure';
export { makeCarryOutAccountErasures, type CarryOutAccountErasuresDeps } from './carry-out-account-erasures';
export { makeCarryOutErasures, type CarryOutErasuresDeps } from './carry-out-erasures';
export {
  makeCarryOutEnds,
  makeEndSubscription,
  makeGetSubscription,
  makeResumeSubscription,
  type EndedSubscription,
} from './end-subscription';
export { certificateAddress } from './certificate.rules';
export { closedPageMac, expireClosedPages, findClosedPage, forgetClosedPages, makeOnUnheardStop } from './closed-page';
export { discardAccount, discardUnreadable, type UnreadablePeople } from './discard-restored';
export { erasedAccountMac, goneAccountMac } from './erased-account';
export { readUncertified, type Uncertified } from './erasure.store';
export { leadErased, type ErasureErrorCode } from './erasure.errors';
export type { CheckFootprint, ErasureState, ErasureView } from './erasure.types';
export { makeGetErasure, makeShowErasure } from './read-erasures';
export {
  makeEraseByAge,
  makeEraseByChat,
  makeErasureLink,
  makeIsErased,
  makeRequestErasure,
  type RequestedErasure,
  type RequestErasureDeps,
  type RequestErasureInput,
} from './request-erasure';
export { expireTombstones, openTombstones } from './tombstone';
export { makeVacuumTables } from './vacuum-tables';
