import { dayOf } from '../day-key';
import type { Clock } from '../../kernel/clock';
import type { KeyRing } from '../keyring.types';
import type { Database } from '../sql.types';
import { copyMac, sealBody, type ReceivedWebhook } from './body';
import { insertBodies, insertBody, type NewInboxRow } from './inbox.store';
import { makeNudge, type NudgeDeps } from './nudge';

/** Statements under way at once, and the most bodies and bytes of one; beyond, bodies gather for the next. */
const MOST_FLUSHES = 2;
const MOST_BODIES = 64;
const MOST_BYTES = 4 * 1024 * 1024;

export interface StoreWebhookDeps extends NudgeDeps {
  readonly db: Database;
  readonly keyRing: KeyRing;
  readonly clock: Clock;
}

interface Waiting {
  readonly row: NewInboxRow;
  readonly stored: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Keeps a verified webhook, sealed. Resolves when it is durable and rejects when it is not: answer Meta only then. An
 * exact copy that comes again while the first waits to be worked is not kept twice.
 *
 * Bodies that come while statements are under way share the next one: a commit is what takes the time.
 */
export function makeStoreWebhook(deps: StoreWebhookDeps): (webhook: ReceivedWebhook) => Promise<void> {
  const { db, keyRing, clock, ids } = deps;
  const nudge = makeNudge(deps, (_target, id) => ({ name: 'drain-inbox', nudge: id }));
  const waiting: Waiting[] = [];
  let flushes = 0;

  async function flush(): Promise<void> {
    flushes += 1;
    while (waiting.length > 0) {
      const batch = takeBatch(waiting);
      const rows = batch.map(({ row }) => row);
      try {
        await (rows.length === 1 && rows[0] !== undefined ? insertBody(db, rows[0]) : insertBodies(db, rows));
        nudge('inbox');
        for (const { stored } of batch) stored();
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    flushes -= 1;
  }

  return async (webhook) => {
    const receivedAt = clock.now();
    const keyDay = dayOf(receivedAt);
    const dayKey = await keyRing.inboxKey(keyDay);
    const deliveryId = ids.uuid();
    const row: NewInboxRow = {
      deliveryId,
      keyDay,
      copyMac: copyMac(dayKey, webhook.bytes),
      bodyCt: sealBody(dayKey, deliveryId, { ...webhook, receivedAt }),
      receivedAt,
    };
    return new Promise((stored, failed) => {
      waiting.push({ row, stored, failed });
      if (flushes < MOST_FLUSHES) void flush();
    });
  };
}

function takeBatch(waiting: Waiting[]): Waiting[] {
  let bytes = 0;
  let count = 0;
  for (const { row } of waiting) {
    bytes += row.bodyCt.length;
    if (count > 0 && (count === MOST_BODIES || bytes > MOST_BYTES)) break;
    count += 1;
  }
  return waiting.splice(0, count);
}
