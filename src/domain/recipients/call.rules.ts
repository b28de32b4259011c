import { createHmac } from 'node:crypto';
import { uuidText } from '../../kernel/uuid';
import type { RecipientPost } from './recipients.types';

/** After that nobody is told any more, and what was to be told is destroyed. */
export const CALL_LIFE_MS = 72 * 3_600_000;

const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 3_600_000;

/** @param attempts that were made, 1 or more */
export const waitAfter = (attempts: number): number =>
  Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempts - 1, 20));

export interface ErasedPerson {
  readonly metaPageId: string;
  readonly psid: string;
  readonly erasedAt: Date;
}

/** What a recipient is told of a person: enough to find them, and nothing else. */
export const personErased = (id: string, { metaPageId, psid, erasedAt }: ErasedPerson): string =>
  JSON.stringify({
    id,
    type: 'person.erased',
    page_id: metaPageId,
    page_scoped_id: psid,
    erased_at: erasedAt.toISOString(),
  });

/** Everything that came from these Pages is to go: nobody has to be named. */
export const accountErased = (id: string, metaPageIds: readonly string[], erasedAt: Date): string =>
  JSON.stringify({ id, type: 'account.erased', page_ids: metaPageIds, erased_at: erasedAt.toISOString() });

/** A recipient can tell by it that the call is ours, and that it is not an old one: HMAC-SHA256 over `<seconds>.<body>`. */
export function signatureOf(secret: string, body: string, at: Date): string {
  const seconds = String(Math.floor(at.getTime() / 1_000));
  const mac = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${mac}`;
}

export interface ToPost {
  readonly id: string;
  readonly endpoint: string;
  readonly secret: string;
  readonly body: string;
}

/** The id is the same each time a call is repeated. */
export const postOf = ({ id, endpoint, secret, body }: ToPost, at: Date): RecipientPost => ({
  endpoint,
  body,
  headers: {
    'content-type': 'application/json',
    'idempotency-key': id,
    'assent-signature': signatureOf(secret, body, at),
  },
});

/** The id of a call: the same for the same erasure and recipient, and nobody without the key can tell of which. */
export function callId(key: Buffer, erasureUuid: string, recipientUuid: string): string {
  const mac = createHmac('sha256', key)
    .update(`assent/recipient-call/v1|${erasureUuid}|${recipientUuid}`)
    .digest()
    .subarray(0, 16);
  mac.writeUInt8((mac.readUInt8(6) & 0x0f) | 0x40, 6);
  mac.writeUInt8((mac.readUInt8(8) & 0x3f) | 0x80, 8);
  return uuidText(mac);
}
