export type { MetaRequest } from './meta-request.store';
export {
  makeExpireMetaRequests,
  makeRecheckAfterDeauthorisation,
  makeShowDeletion,
  makeTakeDeauthorisation,
  makeTakeDeletion,
  type AskedByMeta,
} from './take-meta-request';
