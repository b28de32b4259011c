import { Foundation1763900000000 } from './1763900000000-foundation';

/** Every migration in order, by import and never by glob, so that a missing file does not compile. */
export const migrations = [Foundation1763900000000];
