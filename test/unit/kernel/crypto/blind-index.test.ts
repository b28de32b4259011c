import { bucketOf, psidBlindIndex } from '../../../../src/kernel/crypto/blind-index';

describe('psidBlindIndex', () => {
  it('gives the known answer', () => {
    const index = psidBlindIndex(Buffer.alloc(32, 3), '104857600000001', '7123456789012345');
    expect(index.toString('hex')).toBe('1e70db0da5315b8a3c3118fd841e93ab');
  });

  it('depends on the key, the Page and the person', () => {
    const key = Buffer.alloc(32, 3);
    const all = [
      psidBlindIndex(key, '1', '23'),
      psidBlindIndex(key, '12', '3'),
      psidBlindIndex(key, '1', '24'),
      psidBlindIndex(Buffer.alloc(32, 4), '1', '23'),
    ];
    expect(new Set(all.map((index) => index.toString('hex'))).size).toBe(4);
  });
});

/** `printf 7123456789012345 | openssl dgst -sha256 -mac HMAC -macopt hexkey:0505…05` begins with these four bytes. */
const BUCKET_WORD = 0x81e01204;

describe('bucketOf', () => {
  it('takes the first four bytes of the HMAC, big-endian, modulo the number of buckets', () => {
    expect(bucketOf(Buffer.alloc(32, 5), '7123456789012345', 2 ** 32)).toBe(BUCKET_WORD);
    expect(bucketOf(Buffer.alloc(32, 5), '7123456789012345', 1024)).toBe(BUCKET_WORD % 1024);
  });

  it('spreads people over all buckets', () => {
    const key = Buffer.alloc(32, 6);
    const used = new Set(Array.from({ length: 20_000 }, (_, n) => bucketOf(key, String(7_000_000 + n), 1024)));
    expect(used.size).toBe(1024);
    expect(Math.max(...used)).toBe(1023);
  });
});
