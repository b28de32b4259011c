import { unlessUnreadable } from '../../kernel/crypto/field-cipher';
import type { Clock } from '../../kernel/clock';
import type { Ids } from '../../kernel/ids';
import { dayKeyOrNull, dayOf } from '../day-key';
import type { KeyRing } from '../keyring.types';
import type { RowId, Tx } from '../sql.types';
import { openBody, readBody } from './body';
import { deleteBodies, readTriedBodies, type TriedBody } from './inbox.store';

/** Days whose keys a waiting body may be under. */
const DAYS = 3;

export interface ForgetUnreadDeps {
  readonly keyRing: KeyRing;
  readonly clock: Clock;
  readonly ids: Ids;
}

/**
 * Deletes bodies that are not understood and hold one of these texts.
 *
 * @param spared bodies that hold one of these stay: they may be about somebody else too @returns how many
 */
export type ForgetUnread = (tx: Tx, named: readonly string[], spared?: readonly string[]) => Promise<number>;

/**
 * A body that is not understood waits for a better program, and nobody knows whose it is: it would outlive a person who is erased, or an account
 * that is deleted.
 * Load it outside of transactions, and anew each time: it holds keys that are destroyed within days. It locks no body that a worker
 * holds together with a lead, for those are understood.
 */
export async function openUnread({ keyRing, clock, ids }: ForgetUnreadDeps): Promise<ForgetUnread> {
  const keys = new Map<number, Buffer>();
  const today = dayOf(clock.now());
  for (let day = today; day > today - DAYS; day -= 1) {
    const key = await dayKeyOrNull(keyRing, day);
    if (key !== null) keys.set(day, key);
  }

  const holds = (
    { keyDay, deliveryId, bodyCt }: TriedBody,
    named: readonly string[],
    spared: readonly string[],
  ): boolean => {
    const key = keys.get(keyDay);
    if (key === undefined) return false;
    // One that is damaged tells nobody anything, and goes with its day.
    const stored = unlessUnreadable(() => openBody(key, deliveryId, bodyCt));
    if (stored === null) return false;
    const hasOneOf = (texts: readonly string[]): boolean => texts.some((text) => stored.bytes.includes(text));
    return hasOneOf(named) && !hasOneOf(spared) && readBody(ids, { deliveryId, stored, nonces: null }) === null;
  };

  return async (tx, named, spared = []) => {
    const found: RowId[] =
      named.length === 0
        ? []
        : (await readTriedBodies(tx)).filter((body) => holds(body, named, spared)).map(({ id }) => id);
    return found.length === 0 ? 0 : deleteBodies(tx, found);
  };
}
