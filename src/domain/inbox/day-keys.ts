import { OperationalError } from '../../kernel/errors';
import { dayKeyOrNull } from '../day-key';
import type { KeyRing } from '../keyring.types';

/** A day key has to be asked for outside the transaction that found what is under it. */
export class DayKeyMissing extends OperationalError<'day_key_missing'> {
  constructor(readonly day: number) {
    super('day_key_missing', 'the key of a day is not at hand');
  }
}

export interface DayKeys {
  /** @throws {DayKeyMissing} when it was not loaded */
  get(day: number): Buffer;
  /** @returns false when it was destroyed: the body can never be read */
  load(day: number): Promise<boolean>;
}

/** Does the work again with a key that it turned out to need. */
export async function withDayKeys<T>(keys: DayKeys, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DayKeyMissing && (await keys.load(error.day))) return work();
    throw error;
  }
}

/** The day keys of one drain. Not kept longer: a key that is destroyed must be forgotten. */
export function makeDayKeys(keyRing: KeyRing): DayKeys {
  const keys = new Map<number, Buffer>();
  return {
    get(day) {
      const key = keys.get(day);
      if (key === undefined) throw new DayKeyMissing(day);
      return key;
    },
    async load(day) {
      const key = await dayKeyOrNull(keyRing, day);
      if (key !== null) keys.set(day, key);
      return key !== null;
    },
  };
}
