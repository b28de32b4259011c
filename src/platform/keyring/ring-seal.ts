import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Ids } from '../../kernel/ids';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const GENERATION_BYTES = 4;

/** Every plain ring begins with its generation, so that file and associated data cannot be mixed. */
export const RING_HEADER_BYTES = GENERATION_BYTES;

const place = (ring: string, generation: number): Buffer => Buffer.from(`assent/keyring/v1|${ring}|${generation}`);

/** @returns `nonce(12) || AES-256-GCM(seal, plain) || tag(16)`, bound to the ring's name and generation */
export function sealRing(seal: Buffer, ring: string, plain: Buffer, ids: Ids): Buffer {
  const nonce = ids.bytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', seal, nonce);
  cipher.setAAD(place(ring, plain.readUInt32BE(0)));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** @returns null when the bytes are not this ring at this generation, sealed with one of these keys */
export function openRing(seals: readonly Buffer[], ring: string, generation: number, sealed: Buffer): Buffer | null {
  for (const seal of seals) {
    const plain = openWith(seal, ring, generation, sealed);
    if (plain !== null) return plain;
  }
  return null;
}

/** The ring at whatever generation it is; null when none of these keys sealed it. */
export function openRingAsItIs(seals: readonly Buffer[], ring: string, sealed: Buffer): Buffer | null {
  if (sealed.length < NONCE_BYTES + GENERATION_BYTES + TAG_BYTES) return null;
  for (const seal of seals) {
    // The generation is read before it can be trusted, and is trusted only when the ring opens with it.
    const reader = createDecipheriv('aes-256-gcm', seal, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    const head = reader.update(sealed.subarray(NONCE_BYTES, NONCE_BYTES + GENERATION_BYTES));
    const plain = openWith(seal, ring, head.readUInt32BE(0), sealed);
    if (plain !== null) return plain;
  }
  return null;
}

function openWith(seal: Buffer, ring: string, generation: number, sealed: Buffer): Buffer | null {
  if (sealed.length < NONCE_BYTES + GENERATION_BYTES + TAG_BYTES) return null;
  const tagAt = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', seal, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(place(ring, generation));
  decipher.setAuthTag(sealed.subarray(tagAt));
  const plain = decipher.update(sealed.subarray(NONCE_BYTES, tagAt));
  try {
    decipher.final();
  } catch {
    return null;
  }
  return plain.readUInt32BE(0) === generation ? plain : null;
}
