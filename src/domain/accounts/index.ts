export { accountKey, accountKeyOrNull } from './account-key';
export { openOwner, type AccountOwner } from './account-owner';
export type { AccountErrorCode } from './accounts.errors';
export { SCOPES } from './accounts.rules';
export type { AccountRef, ApiKey, CreatedApiKey, Principal, Scope } from './accounts.types';
export {
  makeCreateApiKey,
  makeListApiKeys,
  makeRevokeApiKey,
  type ApiKeyList,
  type CreateApiKeyInput,
  type ListApiKeysInput,
  type RevokeApiKeyInput,
} from './api-keys';
export { recordAudit, type AuditDeps, type AuditEntry } from './audit';
export {
  countReminder,
  deleteSubscriptionEnd,
  findSubscriptionEnd,
  insertSubscriptionEnd,
  isDeletionConfirmed,
  lockAccount,
  readDueEnds,
  requireSubscription,
  type DueEnd,
  type SubscriptionEnd,
} from './subscription.store';
export { makeAuthenticate } from './authenticate';
export { findAccountUuid, hasAccounts } from './account.store';
export { moveAccountKeys } from './move-account-keys';
export { makeCreateAccount, makeFindAccount, type CreatedAccount, type CreateAccountInput } from './create-account';
