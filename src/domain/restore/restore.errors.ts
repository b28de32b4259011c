import { OperationalError, UserError } from '../../kernel/errors';

export type RestoreErrorCode =
  | 'database_set_back'
  | 'restore_unfinished'
  | 'key_ring_older'
  | 'key_ring_missing'
  | 'people_unreadable'
  | 'program_runs';

/** Nothing is served: people who were erased since may be in the database again. */
export const databaseSetBack = (): OperationalError<RestoreErrorCode> =>
  new OperationalError(
    'database_set_back',
    'the database is older than the checkpoint and keys beside it: a backup was restored. Nothing is served before "assent restore" has applied again what was erased since',
  );

export const restoreUnfinished = (): OperationalError<RestoreErrorCode> =>
  new OperationalError('restore_unfinished', '"assent restore --apply" was cut off: run it again, it goes on');

export const keyRingOlder = (rings: readonly string[]): UserError<RestoreErrorCode> =>
  new UserError(
    'key_ring_older',
    `the key ring is older than the database (${rings.join(', ')}): put the newest key ring in its place`,
  );

export const keyRingMissing = (rings: readonly string[]): UserError<RestoreErrorCode> =>
  new UserError(
    'key_ring_missing',
    `files of the key ring are missing (${rings.join(', ')}): take them from its copy (KEYRING_COPY_DIR)`,
  );

export const peopleUnreadable = (count: number): UserError<RestoreErrorCode> =>
  new UserError(
    'people_unreadable',
    `the keys of ${String(count)} people are neither in the database nor beside the key ring: look at the copy of the key ring, or give them up with --accept-loss`,
  );

export const programRuns = (): UserError<RestoreErrorCode> =>
  new UserError('program_runs', 'a process of Assent still runs on this database: stop all of them first');
