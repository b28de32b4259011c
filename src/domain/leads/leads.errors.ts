import { UserError, type FieldError } from '../../kernel/errors';

export type LeadErrorCode = 'lead_not_found' | 'validation_failed';

export const leadNotFound = (): UserError<LeadErrorCode> => new UserError('lead_not_found', 'there is no such lead');

export const invalidLeadInput = (errors: readonly FieldError[]): UserError<LeadErrorCode> =>
  new UserError('validation_failed', 'the request has fields that cannot be accepted', errors);
