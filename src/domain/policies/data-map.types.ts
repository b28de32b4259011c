/** Whom a value is about. */
export type About = 'person' | 'account' | 'nobody';

/**
 * What a value is. `identifier`: tells people apart, by itself or with a key. `content`: what somebody wrote or did. `contact`: where
 * somebody is reached. `technical`: keys, places, counters, states of the program. `none`: says nothing of anybody.
 */
export type DataClass = 'identifier' | 'contact' | 'content' | 'technical' | 'none';

/** How it lies there. Ciphertext is AES-256-GCM; a keyed hash cannot be computed without a key that is not in the database. */
export type Form =
  | 'plain'
  | 'ciphertext under the key of the person'
  | 'ciphertext under the key of the account'
  | 'ciphertext under the key of the Page'
  | 'ciphertext under the key of a day'
  | 'ciphertext under a passphrase'
  | 'ciphertext under a key of its own'
  | 'key, wrapped under another key'
  | 'keyed hash'
  | 'hash'
  | 'random';

/** Fields of one store that are alike. */
export interface FieldGroup {
  /** Divided by blanks. */
  readonly fields: string;
  readonly about: About;
  readonly class: DataClass;
  readonly form: Form;
  readonly purpose: string;
}

/** A table, a kind of job, the queue, a file, a cache. */
export interface Store {
  readonly name: string;
  readonly kind: 'table' | 'job' | 'log' | 'metric' | 'queue' | 'file' | 'cache';
  readonly holds: string;
  /** What ends it. */
  readonly retention: string;
  readonly groups: readonly FieldGroup[];
}
