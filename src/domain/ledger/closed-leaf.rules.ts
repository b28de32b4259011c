import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ClosedState } from './closed-leaf.types';

const MAC_BYTES = 16;

const macOf = (key: Buffer, text: string): Buffer =>
  createHmac('sha256', key).update(text).digest().subarray(0, MAC_BYTES);

/**
 * Shows that a process which holds the key ring closed this leaf, and as what. It names no entry: nothing ties leaves of one person
 * together.
 *
 * @param key `closed-leaf` of the key ring @returns 16 bytes
 */
export const closedLeafMac = (key: Buffer, index: number, state: ClosedState): Buffer =>
  macOf(key, `assent/closed-leaf/v1|${index}|${state}`);

/**
 * Shows that the chain of somebody who could be written to ended in this leaf when their Page was closed with its account.
 *
 * @param key `closed-leaf` of the key ring @param closing random id of the closing; who does not have it learns nothing
 * @returns 16 bytes
 */
export const chainEndMac = (key: Buffer, index: number, closing: string): Buffer =>
  macOf(key, `assent/chain-end/v1|${index}|${closing}`);

/** Whether a stored MAC is the one it must be. @param stored as it stands in the row */
export const isSameMac = (stored: Buffer | null, expected: Buffer): boolean =>
  stored !== null && stored.length === expected.length && timingSafeEqual(stored, expected);
