import { UserError, type FieldError } from '../../kernel/errors';

export type RecipientErrorCode = 'recipient_not_found' | 'recipient_ended' | 'validation_failed';

export const recipientNotFound = (): UserError<RecipientErrorCode> =>
  new UserError('recipient_not_found', 'there is no such recipient');

export const recipientEnded = (): UserError<RecipientErrorCode> =>
  new UserError('recipient_ended', 'this recipient was ended: nothing may be disclosed to it any more');

export const invalidRecipient = (errors: readonly FieldError[]): UserError<RecipientErrorCode> =>
  new UserError('validation_failed', 'the request has fields that cannot be accepted', errors);
