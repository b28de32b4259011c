import { shortMac } from '../../kernel/crypto/short-mac';
import type { ClosedState } from './closed-leaf.types';

/**
 * Shows that a process which holds the key ring closed this leaf, and as what. It names no entry: nothing ties leaves of one person
 * together.
 *
 * @param key `closed-leaf` of the key ring @returns 16 bytes
 */
export const closedLeafMac = (key: Buffer, index: number, state: ClosedState): Buffer =>
  shortMac(key, `assent/closed-leaf/v1|${index}|${state}`);

/**
 * Shows that the chain of somebody who could be written to ended in this leaf when their Page was closed with its account.
 *
 * @param key `closed-leaf` of the key ring @param closing random id of the closing; who does not have it learns nothing
 * @returns 16 bytes
 */
export const chainEndMac = (key: Buffer, index: number, closing: string): Buffer =>
  shortMac(key, `assent/chain-end/v1|${index}|${closing}`);
