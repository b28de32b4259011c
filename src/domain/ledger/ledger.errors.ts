import { InvariantError } from '../../kernel/errors';

/**
 * Why the log does not grow. Each is found before anything is signed, and stays until a person has looked:
 * `log_forked` the stored tree is not the one the last checkpoint signed; `log_behind` the database is older than the checkpoint
 * kept beside the keys (a restored backup); `log_unsigned` the last checkpoint is not signed by our key.
 */
export type HaltReason = 'log_forked' | 'log_behind' | 'log_unsigned';

const SENTENCES: Readonly<Record<HaltReason, string>> = {
  log_forked: 'the stored log is not the one that was signed: its tiles or its last checkpoint were changed',
  log_behind: 'the database is older than the checkpoint kept beside the key ring: a backup was restored',
  log_unsigned: 'the last checkpoint is not signed by the key of this installation',
};

/** The log must not be signed any further. Nothing was written. */
export class LogHaltedError extends InvariantError<HaltReason> {
  constructor(reason: HaltReason) {
    super(reason, SENTENCES[reason]);
  }
}
