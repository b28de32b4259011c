import { createHmac } from 'node:crypto';

const MAC_BYTES = 16;

/** Shows that an entry which waits for its leaf was written by a process that holds the key ring. @returns 16 bytes */
export function pendingMac(key: Buffer, entryId: string, commitment: Buffer): Buffer {
  const idBytes = Buffer.from(entryId.replaceAll('-', ''), 'hex');
  return createHmac('sha256', key).update(idBytes).update(commitment).digest().subarray(0, MAC_BYTES);
}
