import { X509Certificate } from 'node:crypto';
import { z } from 'zod';

/** Keys of 32 bytes, divided by commas. */
export const keysOf = (text: string): Buffer[] => text.split(',').map((one) => Buffer.from(one, 'base64'));
export const base64Keys = z
  .string()
  .refine(
    (text) => keysOf(text).every(({ length }) => length === 32),
    'must be 32 bytes in base64 (openssl rand -base64 32)',
  );

/** A witness as configured: its verifier key (C2SP tlog-cosignature), and where checkpoints are submitted to it. */
export interface WitnessSetting {
  readonly vkey: string;
  readonly url: string;
}

const WITNESS = /^([^\s+=,]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+={0,2})=(https?:\/\/[^\s,]+)$/;

export function witnessOf(text: string): WitnessSetting | null {
  const [, vkey, url] = WITNESS.exec(text.trim()) ?? [];
  return vkey === undefined || url === undefined || !URL.canParse(url) ? null : { vkey, url };
}

export const witnessesOf = (text: string | undefined): readonly WitnessSetting[] =>
  (text?.split(',') ?? []).flatMap((one) => witnessOf(one) ?? []);

export function holdsLogin(url: string): boolean {
  const { username, password } = new URL(url);
  return username !== '' || password !== '';
}

/** Of type 0x04, C2SP tlog-cosignature. */
export const isWitnessKey = (vkey: string): boolean => Buffer.from(vkey.split('+')[2] ?? '', 'base64')[0] === 4;

export function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

/** The PEM blocks of a file. */
export const certificatesOf = (pem: string): readonly string[] =>
  pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
