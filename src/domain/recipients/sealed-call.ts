import { openField, sealField, type FieldPlace } from '../../kernel/crypto/field-cipher';
import { unwrapKey, wrapKey } from '../../kernel/crypto/key-wrap';
import { AssentError } from '../../kernel/errors';
import type { Ids } from '../../kernel/ids';
import type { KeyRing } from '../keyring.types';
import type { CallContent, SealedCalls } from './recipients.types';

const KEY_BYTES = 32;
const WRAPPED_BYTES = 40;

const place = (id: string): FieldPlace => ({ table: 'recipient_call', column: 'file', row: id });

export interface SealDeps {
  readonly keyRing: Pick<KeyRing, 'systemKey'>;
  readonly ids: Ids;
  readonly sealedCalls: SealedCalls;
}

/** `own key, wrapped(40) || content under the own key`: destroying the file destroys the only copy of the key. */
export async function sealCall(
  { keyRing, ids, sealedCalls }: SealDeps,
  id: string,
  content: CallContent,
): Promise<void> {
  const key = ids.bytes(KEY_BYTES);
  const wrapped = wrapKey(keyRing.systemKey('recipient-call'), key);
  await sealedCalls.put(id, Buffer.concat([wrapped, sealField(key, place(id), JSON.stringify(content))]));
}

/** Null when it is gone, its time is over, or it cannot be read: then nobody is to be told any more. */
export async function openCall(
  { keyRing, sealedCalls }: Omit<SealDeps, 'ids'>,
  id: string,
  now: Date,
): Promise<CallContent | null> {
  const bytes = await sealedCalls.read(id);
  if (bytes === null) return null;
  try {
    const key = unwrapKey(keyRing.systemKey('recipient-call'), bytes.subarray(0, WRAPPED_BYTES));
    const content = JSON.parse(
      openField(key, place(id), bytes.subarray(WRAPPED_BYTES)).toString('utf8'),
    ) as CallContent;
    return Date.parse(content.expiresAt) > now.getTime() ? content : null;
  } catch (error) {
    if (error instanceof AssentError) return null;
    throw error;
  }
}
