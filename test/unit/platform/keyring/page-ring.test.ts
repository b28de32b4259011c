import { hkdfSync } from 'node:crypto';
import { randomIds } from '../../../../src/kernel/ids';
import {
  bucketKeys,
  newPageRing,
  readPageRing,
  stagedVersions,
  withCommitted,
  withStaged,
} from '../../../../src/platform/keyring/page-ring';

const SETTLED_BYTES = 4 + 2 + 32 + 1024 * 68;
const badForm = expect.objectContaining({ code: 'key_ring_format' }) as Error;

describe('a Page ring', () => {
  it('has the plain form of 1,024 buckets at version 1', () => {
    const plain = newPageRing(randomIds);
    expect(plain.length).toBe(SETTLED_BYTES);
    expect(plain.readUInt16BE(4)).toBe(1024);
    const ring = readPageRing(plain);
    expect(ring.routeKey.equals(plain.subarray(6, 38))).toBe(true);
    for (const bucket of [0, 1, 1023]) {
      const at = 38 + bucket * 68;
      expect(plain.readUInt32BE(at)).toBe(1);
      const keys = bucketKeys(ring, bucket, 1)!;
      expect(keys.kek.equals(plain.subarray(at + 4, at + 36))).toBe(true);
      expect(keys.kbi.equals(plain.subarray(at + 36, at + 68))).toBe(true);
      expect(bucketKeys(ring, bucket, 2)).toBeNull();
    }
    const all = Array.from({ length: 1024 }, (_, bucket) => bucketKeys(ring, bucket, 1)!.kek.toString('hex'));
    expect(new Set(all).size).toBe(1024);
  });

  it('makes the other keys of the Page from its route key', () => {
    const ring = readPageRing(newPageRing(randomIds));
    for (const purpose of ['page-token', 'ref', 'suppression'] as const) {
      const expected = Buffer.from(hkdfSync('sha256', ring.routeKey, '', `assent/${purpose}/v1`, 32));
      expect(ring.derived[purpose].equals(expected)).toBe(true);
    }
  });

  it('holds staged versions in a trailing list until they are committed', () => {
    const start = readPageRing(newPageRing(randomIds));
    const first = withStaged(start, 5, randomIds);
    const second = withStaged(readPageRing(first.plain), 9, randomIds);
    expect([first.version, second.version]).toEqual([2, 2]);
    expect(second.plain.length).toBe(SETTLED_BYTES + 2 + 2 * 70);
    expect(second.plain.readUInt16BE(SETTLED_BYTES)).toBe(2);
    expect(second.plain.readUInt16BE(SETTLED_BYTES + 2)).toBe(5);
    expect(second.plain.readUInt32BE(SETTLED_BYTES + 4)).toBe(2);

    const both = readPageRing(second.plain);
    expect(stagedVersions(both)).toEqual([
      { bucket: 5, version: 2 },
      { bucket: 9, version: 2 },
    ]);
    const staged = Buffer.from(bucketKeys(both, 5, 2)!.kek);
    expect(bucketKeys(both, 5, 1)!.kek.equals(staged)).toBe(false);
    expect(bucketKeys(both, 6, 2)).toBeNull();

    const committed = readPageRing(withCommitted(both, 5, 2)!);
    expect(bucketKeys(committed, 5, 1)).toBeNull();
    expect(bucketKeys(committed, 5, 2)!.kek.equals(staged)).toBe(true);
    expect(bucketKeys(committed, 9, 1)).not.toBeNull();
    expect(stagedVersions(committed)).toEqual([{ bucket: 9, version: 2 }]);
    expect(withCommitted(committed, 9, 2)!.length).toBe(SETTLED_BYTES);
  });

  it('leaves no byte of a committed-over key in the ring', () => {
    const start = readPageRing(newPageRing(randomIds));
    const old = bucketKeys(start, 7, 1)!;
    const staged = readPageRing(withStaged(start, 7, randomIds).plain);
    expect(staged.plain.includes(old.kek) && staged.plain.includes(old.kbi)).toBe(true);
    const plain = withCommitted(staged, 7, 2)!;
    expect(plain.includes(old.kek) || plain.includes(old.kbi)).toBe(false);
  });

  it('numbers every staging higher, and a commit drops all that is lower and nothing that is higher', () => {
    const start = readPageRing(newPageRing(randomIds));
    const two = withStaged(start, 3, randomIds);
    const three = withStaged(readPageRing(two.plain), 3, randomIds);
    const four = withStaged(readPageRing(three.plain), 3, randomIds);
    expect([two.version, three.version, four.version]).toEqual([2, 3, 4]);
    const ring = readPageRing(withCommitted(readPageRing(four.plain), 3, 3)!);
    expect([1, 2, 3, 4].map((version) => bucketKeys(ring, 3, version) !== null)).toEqual([false, false, true, true]);
    expect(withCommitted(ring, 3, 2)).toBeNull();
    expect(withCommitted(ring, 3, 3)).toBeNull();
    expect(() => withCommitted(ring, 3, 9)).toThrow(expect.objectContaining({ code: 'key_version_lost' }) as Error);
  });

  it('refuses plain bytes of another form, and buckets there are none of', () => {
    const ring = readPageRing(newPageRing(randomIds));
    const staged = withStaged(ring, 0, randomIds).plain;
    const wrongCount = Buffer.from(ring.plain);
    wrongCount.writeUInt16BE(256, 4);
    expect(() => readPageRing(wrongCount)).toThrow(badForm);
    expect(() => readPageRing(ring.plain.subarray(0, -1))).toThrow(badForm);
    expect(() => readPageRing(Buffer.concat([ring.plain, Buffer.alloc(2)]))).toThrow(badForm);
    expect(() => readPageRing(staged.subarray(0, -1))).toThrow(badForm);
    expect(() => readPageRing(Buffer.concat([staged, Buffer.alloc(1)]))).toThrow(badForm);
    for (const bucket of [-1, 1024, 0.5]) {
      expect(() => bucketKeys(ring, bucket, 1)).toThrow(expect.objectContaining({ code: 'key_bucket_range' }) as Error);
    }
  });
});
