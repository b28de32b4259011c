import { createHmac } from 'node:crypto';

const MAC_BYTES = 16;

const macOf = (key: Buffer, kind: string, uuid: string): Buffer =>
  createHmac('sha256', key).update(`assent/ended/v1|${kind}|${uuid}`).digest().subarray(0, MAC_BYTES);

/** What a lead who unsubscribed is recognised by. @param key of purpose `ended` */
export const withdrawnMac = (key: Buffer, leadUuid: string): Buffer => macOf(key, 'lead', leadUuid);

/** The same of an API key that was revoked. */
export const endedKeyMac = (key: Buffer, keyUuid: string): Buffer => macOf(key, 'api-key', keyUuid);
