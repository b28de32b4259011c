import { dayOf } from '../day-key';
import type { Clock } from '../../kernel/clock';
import type { KeyRing } from '../keyring.types';
import type { Database } from '../sql.types';
import { deleteBodiesBefore, deleteEventsBefore } from './inbox.store';

const HOUR_MS = 3_600_000;
/** Meta delivers again for up to 36 hours; after that no better program will come in time. */
const BODY_LIFE_MS = 36 * HOUR_MS;
/** Counted from the end of the key's day. */
const DAY_KEY_LIFE_MS = 48 * HOUR_MS;
const EVENT_LIFE_MS = 7 * 24 * HOUR_MS;

export interface ExpireInboxDeps {
  readonly db: Database;
  readonly keyRing: KeyRing;
  readonly clock: Clock;
}

export interface ExpiredInbox {
  /** Bodies that were never understood or never worked. */
  readonly bodies: number;
  readonly events: number;
}

/** Removes what the inbox has kept long enough, and destroys the day keys that nothing needs any more. For the sweeper. */
export function makeExpireInbox({ db, keyRing, clock }: ExpireInboxDeps): () => Promise<ExpiredInbox> {
  return async () => {
    const nowMs = clock.now().getTime();
    const bodies = await deleteBodiesBefore(db, new Date(nowMs - BODY_LIFE_MS));
    const events = await deleteEventsBefore(db, new Date(nowMs - EVENT_LIFE_MS));
    await keyRing.destroyInboxKeysBefore(dayOf(new Date(nowMs - DAY_KEY_LIFE_MS)));
    return { bodies, events };
  };
}
