import type { FieldError } from '../../kernel/errors';

export const LEAST_PASSPHRASE_CHARACTERS = 12;
export const MOST_PASSPHRASE_CHARACTERS = 1_000;
/** What nobody can type when they are asked for it. */
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const UNTYPABLE = /[\u0000-\u001f\u007f\p{Surrogate}]/u;

/** What is wrong with a passphrase; never the passphrase itself. */
export function passphraseFaults(passphrase: string): FieldError[] {
  const length = Array.from(passphrase).length;
  const fault = (detail: string): FieldError[] => [{ pointer: '/passphrase', detail }];
  if (length < LEAST_PASSPHRASE_CHARACTERS)
    return fault(`must have at least ${String(LEAST_PASSPHRASE_CHARACTERS)} characters`);
  if (length > MOST_PASSPHRASE_CHARACTERS)
    return fault(`must have at most ${String(MOST_PASSPHRASE_CHARACTERS)} characters`);
  return UNTYPABLE.test(passphrase) ? fault('must have no control characters') : [];
}
