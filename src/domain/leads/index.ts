export { createLead, lockLeadAt, placePerson, type FindLeadDeps, type NewPerson, type PersonPlace } from './find-lead';
export { isRingGone, isUnknownVersion, leadTransaction, LeadRaceLost, onRing, RingStale } from './lead-transaction';
export { makeOpenEveryPage, type OpenedPages } from './open-every-page';
export { askedTokenSha256, openLead, psidPlace, refIndex, webToken, webTokenSha256 } from './lead-keys';
export {
  IS_THERE,
  lockLeadRow,
  markTokenExpired,
  readExpiredTokens,
  readLeadRow,
  readMarketingToken,
  updateContact,
  updateMarketingToken,
  type ContactChange,
  type MarketingToken,
} from './lead.store';
export type { KeyedLeadRow, LeadKeyRow, LeadPage, LeadRow, OpenLead } from './lead.types';
export { leadNotFound, type LeadErrorCode } from './leads.errors';
export {
  makeGetLead,
  makeListLeads,
  makeLookupLead,
  type LeadPageOfList,
  type LeadView,
  type ListLeadsInput,
  type LookupLeadDeps,
  type LookupLeadInput,
} from './list-leads';
export {
  makeSettleBuckets,
  recoverRotations,
  rotateBucket,
  settleBucket,
  type RotateBucketDeps,
  type RotateBucketInput,
} from './rotate-bucket';
export { lockBucket, readBucket, storeVersion, type BucketRow } from './rotate-bucket.store';
export {
  findTagIds,
  makeAddTags,
  makeListTags,
  makeSetTags,
  makeTagLeads,
  tagNames,
  type SetTagsInput,
  type TagDeps,
  type TagLeadsInput,
  type TagLeadsResult,
} from './tags';
