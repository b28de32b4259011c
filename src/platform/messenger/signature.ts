import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

const HEADER = /^sha256=([0-9a-f]{64})$/;
const SECRET_ID_CHARS = 16;

/** Short public name of an app secret: tells two secrets apart, says nothing about either. */
export function secretId(secret: string): string {
  return createHash('sha256').update(`assent/secret-id\n${secret}`).digest('hex').slice(0, SECRET_ID_CHARS);
}

/**
 * Which app secret made this MAC over the bytes; null for none.
 *
 * Every secret is tried, also after one has matched, and each comparison takes constant time: the answer time tells
 * neither how much of a forged signature was right nor which secret is in use.
 *
 * @param claimed 32 bytes
 */
export function signerOf(bytes: Buffer | string, claimed: Buffer, appSecrets: readonly string[]): string | null {
  let signer: string | null = null;
  for (const secret of appSecrets) {
    const expected = createHmac('sha256', secret).update(bytes).digest();
    if (timingSafeEqual(expected, claimed)) signer = secret;
  }
  return signer;
}

/**
 * Says which app secret signed these exact bytes. A header that came twice is refused,
 * because a proxy and this program could then disagree on which one counts.
 *
 * @returns the `secretId` of the matching secret, or null when there is none
 */
export function signatureMatches(
  body: Buffer,
  header: string | string[] | undefined,
  appSecrets: readonly string[],
): string | null {
  const hex = typeof header === 'string' ? HEADER.exec(header)?.[1] : undefined;
  if (hex === undefined) return null;
  const signer = signerOf(body, Buffer.from(hex, 'hex'), appSecrets);
  return signer === null ? null : secretId(signer);
}
