import { UserError, type FieldError } from '../../kernel/errors';
import { statesAllowing, type BroadcastStatus, type UserAction } from './state.rules';

export type BroadcastErrorCode =
  | 'broadcast_blocked'
  | 'broadcast_invalid'
  | 'broadcast_not_found'
  | 'broadcast_state'
  | 'test_not_eligible'
  | 'test_window_closed';

/** Also for a broadcast of another account. */
export const broadcastNotFound = (): UserError<BroadcastErrorCode> =>
  new UserError('broadcast_not_found', 'there is no such broadcast');

export const invalidBroadcast = (errors: readonly FieldError[]): UserError<BroadcastErrorCode> =>
  new UserError('broadcast_invalid', 'the broadcast has fields that cannot be accepted', errors);

/** The action is not possible where the broadcast stands; carries the states in which it would be. */
export class BroadcastStateError extends UserError<BroadcastErrorCode> {
  constructor(
    readonly status: BroadcastStatus,
    readonly allowed: readonly BroadcastStatus[],
    what: string,
  ) {
    super('broadcast_state', `${what}: it is ${status}, and must be one of ${allowed.join(', ')}`);
  }
}

export const wrongState = (status: BroadcastStatus, action: UserAction): BroadcastStateError =>
  new BroadcastStateError(status, statesAllowing(action), `this broadcast does not allow ${action} now`);

/** Every Page it still has to send on is stopped. */
export const stillBlocked = (): UserError<BroadcastErrorCode> =>
  new UserError(
    'broadcast_blocked',
    'every Page that is not finished is stopped; connect it again or replace its token first',
  );
