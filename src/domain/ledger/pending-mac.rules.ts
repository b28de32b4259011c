import { createHmac } from 'node:crypto';
import { uuidBytes } from '../../kernel/uuid';

const MAC_BYTES = 16;

/** Shows that an entry which waits for its leaf was written by a process that holds the key ring. @returns 16 bytes */
export function pendingMac(key: Buffer, entryId: string, commitment: Buffer): Buffer {
  return createHmac('sha256', key).update(uuidBytes(entryId)).update(commitment).digest().subarray(0, MAC_BYTES);
}
