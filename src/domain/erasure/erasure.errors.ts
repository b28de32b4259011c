import { UserError } from '../../kernel/errors';

export type ErasureErrorCode = 'erasure_not_found' | 'lead_erased';

export const erasureNotFound = (): UserError<ErasureErrorCode> =>
  new UserError('erasure_not_found', 'there is no such erasure');

export const leadErased = (): UserError<ErasureErrorCode> =>
  new UserError('lead_erased', 'this lead was erased, or is being erased');
