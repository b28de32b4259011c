import { OperationalError } from '../kernel/errors';
import type { KeyRing } from './keyring.types';

const DAY_MS = 86_400_000;

/** Whole days since 1970, UTC: which day key something that soon goes is under. */
export const dayOf = (at: Date): number => Math.floor(at.getTime() / DAY_MS);

/** The key of a day, which may take a connection; null once it was destroyed, and with it whatever lies under it. */
export async function dayKeyOrNull(keyRing: KeyRing, day: number): Promise<Buffer | null> {
  try {
    return await keyRing.inboxKey(day);
  } catch (error) {
    if (error instanceof OperationalError && error.code === 'inbox_key_destroyed') return null;
    throw error;
  }
}

/** The key of that name; without a name the key of the day, as all were before keys had names. Null once it was destroyed. */
export async function keyOrNull(keyRing: KeyRing, name: string | null, day: number): Promise<Buffer | null> {
  if (name === null) return dayKeyOrNull(keyRing, day);
  const known = keyRing.accountKey(name);
  if (known !== null) return known;
  // Another process may have made it since.
  await keyRing.refreshSystemKeys();
  return keyRing.accountKey(name);
}
