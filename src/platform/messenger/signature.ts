import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

const HEADER = /^sha256=([0-9a-f]{64})$/;
const SECRET_ID_CHARS = 16;

/** Short public name of an app secret: tells two secrets apart, says nothing about either. */
export function secretId(secret: string): string {
  return createHash('sha256').update(`assent/secret-id\n${secret}`).digest('hex').slice(0, SECRET_ID_CHARS);
}

/**
 * Says which app secret signed these exact bytes.
 *
 * Every secret is tried, also after one has matched, and each comparison takes constant time: the answer time tells
 * neither how much of a forged signature was right nor which secret is in use. A header that came twice is refused,
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
  const claimed = Buffer.from(hex, 'hex');
  let match: string | null = null;
  for (const secret of appSecrets) {
    const expected = createHmac('sha256', secret).update(body).digest();
    if (timingSafeEqual(expected, claimed)) match = secretId(secret);
  }
  return match;
}
