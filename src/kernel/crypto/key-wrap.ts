import { createCipheriv, createDecipheriv } from 'node:crypto';
import { InvariantError } from '../errors';

const KEY_BYTES = 32;
const WRAPPED_BYTES = 40;
const ALGORITHM = 'id-aes256-wrap';
/** The initial value RFC 3394, section 2.2.3.1 prescribes; unwrapping checks it. */
const INITIAL_VALUE = Buffer.alloc(8, 0xa6);

/** AES-256 key wrap (RFC 3394): 32 bytes become 40. The same input gives the same output. */
export function wrapKey(kek: Buffer, key: Buffer): Buffer {
  if (key.length !== KEY_BYTES) throw new InvariantError('key_length', 'only keys of 32 bytes are wrapped');
  const cipher = createCipheriv(ALGORITHM, kek, INITIAL_VALUE);
  return Buffer.concat([cipher.update(key), cipher.final()]);
}

/** @throws {InvariantError} `key_unreadable`: wrapped under another key, or changed */
export function unwrapKey(kek: Buffer, wrapped: Buffer): Buffer {
  const unreadable = (): InvariantError => new InvariantError('key_unreadable', 'a wrapped key cannot be opened');
  if (wrapped.length !== WRAPPED_BYTES) throw unreadable();
  try {
    const decipher = createDecipheriv(ALGORITHM, kek, INITIAL_VALUE);
    return Buffer.concat([decipher.update(wrapped), decipher.final()]);
  } catch {
    throw unreadable();
  }
}
