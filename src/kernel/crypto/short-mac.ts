import { createHmac, timingSafeEqual } from 'node:crypto';

const MAC_BYTES = 16;

/** HMAC-SHA-256 over a text, its first 16 bytes: for what lies in a row and is asked for by whoever has the key. */
export const shortMac = (key: Buffer, text: string): Buffer =>
  createHmac('sha256', key).update(text).digest().subarray(0, MAC_BYTES);

/** Whether a MAC that is stored is the one it must be; null is none. */
export const isSameMac = (stored: Buffer | null, expected: Buffer): boolean =>
  stored !== null && stored.length === expected.length && timingSafeEqual(stored, expected);
