import { createHash, timingSafeEqual } from 'node:crypto';

const FORM = /^assent_([a-z2-7]{8})_([A-Za-z0-9_-]{43})$/;
const PREFIX_ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

export const PREFIX_BYTES = 8;
export const SECRET_BYTES = 32;

export interface ApiKeyText {
  readonly prefix: string;
  readonly secret: string;
}

/** `assent_<prefix>_<secret>`: the prefix finds the row and may be shown, the secret proves the owner. */
export const formatApiKey = ({ prefix, secret }: ApiKeyText): string => `assent_${prefix}_${secret}`;

export function parseApiKey(text: string): ApiKeyText | null {
  const [, prefix, secret] = FORM.exec(text) ?? [];
  return prefix === undefined || secret === undefined ? null : { prefix, secret };
}

/** @param random `PREFIX_BYTES` random bytes; five bits of each are used */
export const prefixFrom = (random: Buffer): string =>
  Array.from(random, (byte) => PREFIX_ALPHABET.charAt(byte & 31)).join('');

/** One round of SHA-256 is enough: the secret has 256 random bits, so there is nothing to guess slowly. */
export const secretHash = (secret: string): Buffer => createHash('sha256').update(secret, 'ascii').digest();

/** Compares in constant time, so that an answer's delay tells nothing about the stored hash. */
export const secretMatches = (secret: string, stored: Buffer): boolean =>
  stored.length === 32 && timingSafeEqual(secretHash(secret), stored);
