import { randomIds } from '../../../../src/kernel/ids';
import {
  newSystemRing,
  pendingMacKey,
  readSystemRing,
  systemKey,
  withAccountKeys,
  withBound,
  withLogKey,
  withoutAccountKey,
  withoutEndedSeeds,
  writeSystemRing,
} from '../../../../src/platform/keyring/system-ring';

const badForm = expect.objectContaining({ code: 'key_ring_format' }) as Error;

describe('the system ring', () => {
  const fresh = newSystemRing(randomIds);
  const days = new Map([
    [20_781, Buffer.alloc(32, 2)],
    [20_780, Buffer.alloc(32, 1)],
  ]);
  const macKeys = [...fresh.pendingMacKeys, { id: 2, key: Buffer.alloc(32, 9) }];
  const ring = { ...fresh, generation: 12, dayKeys: days, pendingMacKeys: macKeys };

  it('reads back what was written', () => {
    const plain = writeSystemRing(ring);
    expect(plain.length).toBe(4 + 1 + 3 * 32 + 1 + 2 * 34 + 2 + 2 * 36 + 2 + 4);
    const read = readSystemRing(plain);
    expect(read).toEqual({ ...ring, dayKeys: new Map([...days].reverse()) });
    expect([...read.dayKeys.keys()]).toEqual([20_780, 20_781]);
  });

  it('has a different key for every purpose', () => {
    const purposes = ['meta-request', 'account-index', 'idempotency', 'pending-mac', 'log-signing'] as const;
    const keys = purposes.map((purpose) => systemKey(ring, purpose));
    expect(keys.map((key) => key.length)).toEqual([32, 32, 32, 32, 32]);
    expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(5);
    expect(purposes.map((purpose) => systemKey(readSystemRing(writeSystemRing(ring)), purpose))).toEqual(keys);
  });

  it('gives the last MAC key for new rows and every other by its id', () => {
    expect(pendingMacKey(ring)).toEqual(macKeys[1]);
    expect(pendingMacKey(ring, 1)).toEqual(macKeys[0]);
    expect(() => pendingMacKey(ring, 3)).toThrow(expect.objectContaining({ code: 'pending_mac_key_unknown' }) as Error);
  });

  const publicKey = Buffer.alloc(32, 7);
  const rotated = withLogKey(ring, { publicKey, seed: ring.logSeed }, Buffer.alloc(32, 8))!;
  const until = new Date('2026-12-24T00:00:00.000Z');
  const bound = withBound(rotated, publicKey, { successorLeaf: 0, signsUntil: until })!;

  it('keeps what is known of former keys', () => {
    const ended = withoutEndedSeeds(bound, until)!;
    for (const one of [rotated, bound, ended]) {
      const plain = writeSystemRing(one);
      expect(plain.length).toBe(writeSystemRing(ring).length + 80);
      expect(readSystemRing(plain).formerLogKeys).toEqual(one.formerLogKeys);
      expect(systemKey(readSystemRing(plain), 'log-signing')).toEqual(Buffer.alloc(32, 8));
    }
    expect(rotated.formerLogKeys).toEqual([{ publicKey, seed: ring.logSeed, successorLeaf: null, signsUntil: null }]);
    expect(ended.formerLogKeys).toEqual([{ publicKey, seed: null, successorLeaf: 0, signsUntil: until }]);
    expect(writeSystemRing(ended).includes(ring.logSeed)).toBe(false);
  });

  it('replaces no key but the one that was meant, and says once when a former one ends', () => {
    expect(withLogKey(rotated, { publicKey, seed: ring.logSeed }, Buffer.alloc(32, 9))).toBeNull();
    const later = { successorLeaf: 9, signsUntil: new Date(until.getTime() + 1) };
    expect(withBound(bound, publicKey, later)).toBeNull();
    expect(withBound(rotated, Buffer.alloc(32, 6), later)).toBeNull();
  });

  it('destroys no seed before its time', () => {
    expect(withoutEndedSeeds(rotated, until)).toBeNull();
    expect(withoutEndedSeeds(bound, new Date(until.getTime() - 1))).toBeNull();
    expect(withoutEndedSeeds(withoutEndedSeeds(bound, until)!, until)).toBeNull();
  });

  const [one, two] = ['0f0e0d0c-0b0a-4908-8706-050403020100', 'a1b2c3d4-e5f6-4788-9900-aabbccddeeff'];
  const owned = withAccountKeys(ring, [
    [two, Buffer.alloc(32, 5)],
    [one, Buffer.alloc(32, 4)],
  ])!;

  it('keeps a key for each account, the first that was given, until it is taken out', () => {
    expect([...readSystemRing(writeSystemRing(owned)).accountKeys]).toEqual([
      [one, Buffer.alloc(32, 4)],
      [two, Buffer.alloc(32, 5)],
    ]);
    expect(withAccountKeys(owned, [[one, Buffer.alloc(32, 6)]])).toBeNull();
    const left = withoutAccountKey(owned, one)!;
    expect([...left.accountKeys.keys()]).toEqual([two]);
    expect(writeSystemRing(left).includes(Buffer.alloc(32, 4))).toBe(false);
    expect(withoutAccountKey(left, one)).toBeNull();
  });

  it('is read in the formats of before', () => {
    const shared = Buffer.alloc(32, 3);
    const plain = writeSystemRing({ ...bound, sharedAccountKey: shared });
    const second = Buffer.from(plain.subarray(0, -4));
    second.writeUInt8(2, 4);
    expect(readSystemRing(second)).toEqual(readSystemRing(plain));
    expect(readSystemRing(second)).toMatchObject({ sharedAccountKey: shared, accountKeys: new Map() });
    const first = Buffer.from(writeSystemRing({ ...ring, sharedAccountKey: shared }).subarray(0, -6));
    first.writeUInt8(1, 4);
    expect(readSystemRing(first)).toMatchObject({ sharedAccountKey: shared, formerLogKeys: [], generation: 12 });
  });

  it.each([
    ['with nothing at its end', ring],
    ['with a former key of the log', bound],
    ['with keys of accounts', owned],
  ])('refuses plain bytes of another form: %s', (_name, written) => {
    const plain = writeSystemRing(written);
    const other = Buffer.from(plain);
    for (const format of [0, 1, 2, 4]) {
      other.writeUInt8(format, 4);
      expect(() => readSystemRing(other)).toThrow(badForm);
    }
    expect(() => readSystemRing(Buffer.concat([plain, Buffer.alloc(1)]))).toThrow(badForm);
    for (let length = 4; length < plain.length; length += 1) {
      expect(() => readSystemRing(plain.subarray(0, length))).toThrow(badForm);
    }
  });
});
