import { createHmac } from 'node:crypto';
import { isSameMac, shortMac } from '../../../../src/kernel/crypto/short-mac';

it('is the first half of an HMAC-SHA-256', () => {
  const key = Buffer.alloc(32, 7);
  expect(shortMac(key, 'text')).toEqual(createHmac('sha256', key).update('text').digest().subarray(0, 16));
});

it('is the same as itself alone', () => {
  expect(isSameMac(Buffer.alloc(16, 1), Buffer.alloc(16, 1))).toBe(true);
  expect(isSameMac(Buffer.alloc(16, 2), Buffer.alloc(16, 1))).toBe(false);
});

it.each([null, Buffer.alloc(0), Buffer.alloc(15, 1), Buffer.alloc(17, 1)])('takes no %j for a MAC', (stored) => {
  expect(isSameMac(stored, Buffer.alloc(16, 1))).toBe(false);
});
