export { makeCarryOutErasures, type CarryOutErasuresDeps } from './carry-out-erasures';
export { leadErased, type ErasureErrorCode } from './erasure.errors';
export type { ErasureState, ErasureView } from './erasure.types';
export { makeGetErasure, makeShowErasure } from './read-erasures';
export {
  makeEraseByChat,
  makeErasureLink,
  makeIsErased,
  makeRequestErasure,
  type RequestedErasure,
  type RequestErasureDeps,
  type RequestErasureInput,
} from './request-erasure';
export { expireTombstones, openTombstones } from './tombstone';
