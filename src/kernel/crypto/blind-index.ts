import { createHmac } from 'node:crypto';

const INDEX_BYTES = 16;

/** Which of `buckets` key buckets of a Page a person falls into. */
export function bucketOf(routeKey: Buffer, psid: string, buckets: number): number {
  return createHmac('sha256', routeKey).update(psid).digest().readUInt32BE(0) % buckets;
}

/** Finds a person by equality without naming them: 16 bytes that mean nothing without `indexKey`. */
export function psidBlindIndex(indexKey: Buffer, metaPageId: string, psid: string): Buffer {
  return createHmac('sha256', indexKey).update(`${metaPageId}:${psid}`).digest().subarray(0, INDEX_BYTES);
}
