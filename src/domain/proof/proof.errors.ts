import { UserError } from '../../kernel/errors';

export type ProofErrorCode = 'proof_not_ready' | 'delivery_not_found' | 'range_invalid';

export const proofNotReady = (): UserError<ProofErrorCode> =>
  new UserError('proof_not_ready', 'nothing about this is in a signed checkpoint yet; try again in a second');

export const deliveryNotFound = (): UserError<ProofErrorCode> =>
  new UserError(
    'delivery_not_found',
    'the broadcast has no message with this id that was authorised to a known person',
  );

export const rangeToCome = (): UserError<ProofErrorCode> =>
  new UserError('range_invalid', 'the range has not ended', [{ pointer: 'to', detail: 'must not lie in the future' }]);

export const rangeInvalid = (): UserError<ProofErrorCode> =>
  new UserError('range_invalid', 'the range has no length', [{ pointer: 'to', detail: 'must be later than from' }]);
