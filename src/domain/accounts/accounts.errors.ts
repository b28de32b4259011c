import { InvariantError, UserError, type FieldError } from '../../kernel/errors';

export type AccountErrorCode =
  | 'account_deleted'
  | 'account_exists'
  | 'account_not_found'
  | 'api_key_not_found'
  | 'subscription_ended'
  | 'validation_failed';

export const accountExists = (): UserError<AccountErrorCode> =>
  new UserError('account_exists', 'an account with this e-mail address exists already');

export const accountNotFound = (): UserError<AccountErrorCode> =>
  new UserError('account_not_found', 'there is no such account');

export const accountDeleted = (): UserError<AccountErrorCode> =>
  new UserError('account_deleted', 'the deletion of this account was confirmed: nothing can be begun in it');

export const accountKeyGone = (): InvariantError =>
  new InvariantError('account_key_gone', 'the key ring has no key of this account');

export const subscriptionEnded = (): UserError<AccountErrorCode> =>
  new UserError('subscription_ended', 'the subscription of this account was cancelled: take it up again first');

export const apiKeyNotFound = (): UserError<AccountErrorCode> =>
  new UserError('api_key_not_found', 'there is no such API key');

export const invalidAccountInput = (errors: readonly FieldError[]): UserError<AccountErrorCode> =>
  new UserError('validation_failed', 'the request has fields that cannot be accepted', errors);
