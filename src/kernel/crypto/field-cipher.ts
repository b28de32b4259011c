import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { InvariantError } from '../errors';

/** Where a ciphertext belongs. Someone who may write to the database cannot move it to another row or column. */
export interface FieldPlace {
  readonly table: string;
  readonly column: string;
  /** Public id of the row. */
  readonly row: string;
}

const FORMAT = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const OVERHEAD_BYTES = 1 + NONCE_BYTES + TAG_BYTES;

const placeBytes = ({ table, column, row }: FieldPlace): Buffer => Buffer.from(`assent/v1|${table}.${column}|${row}`);

/** @returns `0x01 || nonce(12) || AES-256-GCM ciphertext || tag(16)`: 29 bytes more than the plaintext */
export function sealField(key: Buffer, place: FieldPlace, plaintext: Buffer | string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(placeBytes(place));
  const body = typeof plaintext === 'string' ? cipher.update(plaintext, 'utf8') : cipher.update(plaintext);
  return Buffer.concat([Buffer.from([FORMAT]), nonce, body, cipher.final(), cipher.getAuthTag()]);
}

/** @throws {InvariantError} `field_unreadable`: another key, another place, or changed bytes */
export function openField(key: Buffer, place: FieldPlace, sealed: Buffer): Buffer {
  const unreadable = (): InvariantError =>
    new InvariantError('field_unreadable', `a value of ${place.table}.${place.column} cannot be opened`);
  if (sealed.length < OVERHEAD_BYTES || sealed[0] !== FORMAT) throw unreadable();
  const tagAt = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 1 + NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(placeBytes(place));
  decipher.setAuthTag(sealed.subarray(tagAt));
  const plaintext = decipher.update(sealed.subarray(1 + NONCE_BYTES, tagAt));
  try {
    decipher.final();
  } catch {
    throw unreadable();
  }
  return plaintext;
}

/** What `open` opens; null for a value that nothing opens, where one that is damaged must not hold up others. */
export function unlessUnreadable<T>(open: () => T): T | null {
  try {
    return open();
  } catch (error) {
    if (error instanceof InvariantError && error.code === 'field_unreadable') return null;
    throw error;
  }
}
