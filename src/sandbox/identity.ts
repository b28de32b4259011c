import { createHmac, randomBytes } from 'node:crypto';
import type { PageKey } from './sandbox.types';

const PAGE_NAMES = ['Harbour Coffee', 'Northside Books', 'Linden Cycles', 'Marta Florist', 'Old Town Bakery'];

/** The same seed gives the same Pages, in the same order, whatever the number. */
export function derivePages(seed: Buffer, count: number): PageKey[] {
  return Array.from({ length: count }, (_, index) => ({
    id: derivePageId(seed, index),
    name: PAGE_NAMES[index] ?? `Sandbox Page ${index + 1}`,
    token: derivePageToken(seed, index),
  }));
}

function derivePageId(seed: Buffer, index: number): string {
  const digest = createHmac('sha256', seed).update(`page id ${index}`).digest();
  return (100_000_000_000_000n + (digest.readBigUInt64BE() % 900_000_000_000_000n)).toString();
}

function derivePageToken(seed: Buffer, index: number): string {
  const digest = createHmac('sha512', seed).update(`page token ${index}`).digest('base64');
  return `EAAS${digest.replace(/[^A-Za-z0-9]/g, 'x')}`;
}

/** 16 or 17 digits and often above 2^53, as the real ones are, so that a parser that rounds is found out. */
export function newPsid(): string {
  const low = 2_000_000_000_000_000n;
  return (low + (randomBytes(8).readBigUInt64BE() % 60_000_000_000_000_000n)).toString();
}

export function newNumericId(): string {
  return (1_000_000_000_000_000n + (randomBytes(8).readBigUInt64BE() % 9_000_000_000_000_000n)).toString();
}

/** Message ids: unguessable run prefix and a counter; a run never repeats another's. */
export function createMidSource(): () => string {
  const prefix = `m_${randomBytes(18).toString('base64url')}`;
  let count = 0;
  return () => {
    count += 1;
    return prefix + count.toString(36).padStart(7, '0');
  };
}

export const newHandle = (): string => randomBytes(9).toString('base64url');
export const newTraceId = (): string => `A${randomBytes(16).toString('base64url')}`;
