import { OperationalError, UserError } from '../../kernel/errors';

export type KeyRingErrorCode = 'key_version_unknown' | 'key_ring_mismatch' | 'inbox_key_destroyed' | 'master_key_wrong';

/** The ring in memory does not have this key: read it again, then give up. */
export class UnknownKeyVersionError extends OperationalError<'key_version_unknown'> {
  constructor() {
    super('key_version_unknown', 'a key version is not in the ring that is loaded');
  }
}

/** The files of a ring are not those its row in `key_ring` speaks of. Nothing is written until a person has looked. */
export class KeyRingMismatchError extends OperationalError<'key_ring_mismatch'> {
  constructor(
    readonly ring: string,
    reason: string,
  ) {
    super('key_ring_mismatch', `key ring ${ring}: ${reason}`);
  }
}

export const masterKeyWrong = (): UserError<KeyRingErrorCode> =>
  new UserError('master_key_wrong', 'MASTER_KEY is not the key this key ring was sealed with');

export const inboxKeyDestroyed = (): OperationalError<KeyRingErrorCode> =>
  new OperationalError('inbox_key_destroyed', 'the key of that day was destroyed');
