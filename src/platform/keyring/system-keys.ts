import type { KeyRing, WrappedAccountKey } from '../../domain/keyring.types';
import type { Clock } from '../../kernel/clock';
import { unwrapKey } from '../../kernel/crypto/key-wrap';
import { InvariantError } from '../../kernel/errors';
import type { Ids } from '../../kernel/ids';
import { inboxKeyDestroyed } from './keyring.errors';
import type { RingStore } from './ring-store';
import {
  newSystemRing,
  letterKeyName,
  pendingMacKey,
  readSystemRing,
  systemKey,
  withAccountKeys,
  withBound,
  withoutDaysBefore,
  withLogKey,
  withoutAccountKey,
  withoutEndedSeeds,
  writeSystemRing,
  type SystemRing,
} from './system-ring';

export const SYSTEM_RING = 'system';

const DAY_MS = 86_400_000;
const KEY_BYTES = 32;

export interface SystemKeys {
  readonly door: Pick<
    KeyRing,
    | 'systemKey'
    | 'pendingMacKey'
    | 'inboxKey'
    | 'destroyInboxKeysBefore'
    | 'formerLogKeys'
    | 'systemGeneration'
    | 'replaceLogKey'
    | 'boundFormerLogKey'
    | 'destroyFormerLogSeeds'
    | 'accountKey'
    | 'createAccountKey'
    | 'takeInAccountKeys'
    | 'retireSharedAccountKey'
    | 'destroyAccountKey'
    | 'createLetterKey'
  >;
  /** Brings what is in memory in step with the row. */
  readonly refresh: (generation: number) => Promise<void>;
}

/**
 * Loads ring `system`, and makes it on the first start.
 *
 * @throws {UserError} `master_key_wrong`
 */
export async function openSystemKeys(store: RingStore, clock: Clock, ids: Ids): Promise<SystemKeys> {
  let ring = await replace((current) => (current === null ? newSystemRing(ids) : null));
  const making = new Map<number, Promise<Buffer>>();

  async function replace(change: (current: SystemRing | null) => SystemRing | null): Promise<SystemRing> {
    const plain = await store.replace(SYSTEM_RING, (bytes) => {
      const next = change(bytes === null ? null : readSystemRing(bytes));
      return next === null ? null : writeSystemRing(next);
    });
    return readSystemRing(required(plain));
  }

  async function makeDayKey(day: number): Promise<Buffer> {
    const today = Math.floor(clock.now().getTime() / DAY_MS);
    // Yesterday too: a body that came in the last millisecond of a day asks for its key on the next one.
    const mayMake = day === today || day === today - 1;
    ring = await replace((current) => {
      if (current === null || current.dayKeys.has(day) || !mayMake) return null;
      return { ...current, dayKeys: new Map([...current.dayKeys, [day, ids.bytes(KEY_BYTES)]]) };
    });
    const key = ring.dayKeys.get(day);
    if (key === undefined) throw inboxKeyDestroyed();
    return key;
  }

  const change = async (changed: (current: SystemRing) => SystemRing | null): Promise<void> => {
    ring = await replace((current) => changed(required(current)));
  };

  const door: SystemKeys['door'] = {
    systemKey: (purpose) => systemKey(ring, purpose),
    pendingMacKey: (id) => pendingMacKey(ring, id),
    inboxKey: (day) => {
      const known = ring.dayKeys.get(day);
      if (known !== undefined) return Promise.resolve(known);
      // One writer a day and process: at midnight every webhook asks at once, and each would wait on a connection.
      const waiting = making.get(day) ?? makeDayKey(day).finally(() => making.delete(day));
      making.set(day, waiting);
      return waiting;
    },
    destroyInboxKeysBefore: (day) => change((all) => withoutDaysBefore(all, day)),
    formerLogKeys: () => ring.formerLogKeys,
    systemGeneration: () => ring.generation,
    replaceLogKey: (former) => {
      const seed = ids.bytes(KEY_BYTES);
      return change((all) => withLogKey(all, former, seed));
    },
    boundFormerLogKey: (publicKey, successorLeaf, signsUntil) =>
      change((all) => withBound(all, publicKey, { successorLeaf, signsUntil })),
    destroyFormerLogSeeds: (now) => change((all) => withoutEndedSeeds(all, now)),
    accountKey: (uuid) => ring.accountKeys.get(uuid) ?? null,
    createAccountKey: async (uuid) => {
      const made = ids.bytes(KEY_BYTES);
      await change((all) => withAccountKeys(all, [[uuid, made]]));
      return required(ring.accountKeys.get(uuid) ?? null);
    },
    takeInAccountKeys: (wrapped) => change((all) => withAccountKeys(all, unwrapped(all, wrapped))),
    // Asked at every start: what is retired stays so, and needs no lock to be seen.
    retireSharedAccountKey: () =>
      ring.sharedAccountKey === null
        ? Promise.resolve()
        : change((all) => (all.sharedAccountKey === null ? null : { ...all, sharedAccountKey: null })),
    destroyAccountKey: (uuid) => change((all) => withoutAccountKey(all, uuid)),
    createLetterKey: async (day) => {
      const [name, key] = [letterKeyName(day, ids.uuid()), ids.bytes(KEY_BYTES)];
      await change((all) => withAccountKeys(all, [[name, key]]));
      return { name, key };
    },
  };
  return {
    door,
    refresh: async (generation) => {
      if (ring.generation === generation) return;
      ring = await replace(() => null);
    },
  };
}

const unwrapped = (ring: SystemRing, keys: readonly WrappedAccountKey[]): [string, Buffer][] =>
  keys.flatMap(({ uuid, dekWrapped }): [string, Buffer][] => {
    const { sharedAccountKey: shared, accountKeys } = ring;
    return shared === null || accountKeys.has(uuid) ? [] : [[uuid, unwrapKey(shared, dekWrapped)]];
  });

function required<T>(value: T | null): T {
  if (value === null) throw new InvariantError('key_ring_missing', 'the system ring is gone while the program runs');
  return value;
}
