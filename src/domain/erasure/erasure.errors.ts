import { UserError } from '../../kernel/errors';

export type ErasureErrorCode = 'account_name_differs' | 'erasure_not_found' | 'lead_erased';

export const nameDiffers = (): UserError<ErasureErrorCode> =>
  new UserError('account_name_differs', 'this is not the name of the account', [
    { pointer: '/name', detail: 'must be the name of the account, as it was given when it was made' },
  ]);

export const erasureNotFound = (): UserError<ErasureErrorCode> =>
  new UserError('erasure_not_found', 'there is no such erasure');

export const leadErased = (): UserError<ErasureErrorCode> =>
  new UserError('lead_erased', 'this lead was erased, or is being erased');
