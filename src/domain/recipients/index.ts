export { adoptCalls, makeCallRecipients, makeDropEndedCalls, type CallRecipientsDeps } from './call-recipients';
export { callCountsSql, countCallsOfErasure } from './call.store';
export { recipientsOfPerson, recordDisclosures, type Disclosure } from './disclose';
export { MOST_ENDPOINT_CHARACTERS } from './endpoint.rules';
export {
  makeEndRecipient,
  makeGetRecipient,
  makeListRecipients,
  makeRegisterRecipient,
  type RegisterDeps,
} from './register';
export type { RecipientErrorCode } from './recipients.errors';
export type {
  CallCounts,
  PostOutcome,
  PostToRecipient,
  RecipientDetail,
  RecipientOfPerson,
  RecipientPost,
  RecipientView,
  RegisteredRecipient,
  SealedCalls,
} from './recipients.types';
export { tellOfAccount, tellOfLead } from './tell-recipients';
