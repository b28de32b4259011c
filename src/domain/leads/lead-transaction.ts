import { OperationalError } from '../../kernel/errors';
import type { KeyRing } from '../keyring.types';
import type { Database, Tx } from '../sql.types';

const ATTEMPTS = 4;

/** The ring in memory lacks a key that a row names: it was rotated elsewhere, or the Page is new to this process. */
export class RingStale extends OperationalError<'key_version_unknown'> {
  constructor(
    readonly pageUuid: string,
    cause: unknown,
  ) {
    super('key_version_unknown', 'a key version is not in the ring that was last read', { cause });
  }
}

/** The ring in memory lacks the Page, or that version of a bucket. */
export const isUnknownVersion = (error: unknown): boolean =>
  error instanceof OperationalError && error.code === 'key_version_unknown';

/** Whether a Page has no keys any more. Read its ring again before: one that was never read is not in memory either. */
export function isRingGone(keyRing: Pick<KeyRing, 'bucketVersions'>, pageUuid: string): boolean {
  try {
    keyRing.bucketVersions(pageUuid, 0);
    return false;
  } catch (error) {
    if (isUnknownVersion(error)) return true;
    throw error;
  }
}

/** Two transactions made a lead of the same person; this one lost. Run again, it finds the other's. */
export class LeadRaceLost extends OperationalError<'lead_race_lost'> {
  constructor() {
    super('lead_race_lost', 'another transaction made this lead first');
  }
}

/** Asks the ring inside a transaction. Reading it again there could wait for a connection this transaction holds. */
export function onRing<T>(pageUuid: string, ask: () => T): T {
  try {
    return ask();
  } catch (error) {
    throw isUnknownVersion(error) ? new RingStale(pageUuid, error) : error;
  }
}

/**
 * Runs `work` in a transaction, anew when somebody else made the same lead first or rotated its keys meanwhile.
 *
 * Everything that finds, makes or opens a lead runs inside it.
 *
 * @throws {RingStale} when a key is unknown even after the ring was read again: it exists nowhere any more
 */
export async function leadTransaction<T>(
  { db, keyRing }: { readonly db: Database; readonly keyRing: KeyRing },
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const reloaded = new Set<string>();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.transaction(work);
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      if (error instanceof LeadRaceLost) continue;
      if (!(error instanceof RingStale) || reloaded.has(error.pageUuid)) throw error;
      reloaded.add(error.pageUuid);
      await keyRing.reload(error.pageUuid);
    }
  }
}
