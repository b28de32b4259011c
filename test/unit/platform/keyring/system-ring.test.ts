import { randomIds } from '../../../../src/kernel/ids';
import {
  newSystemRing,
  pendingMacKey,
  readSystemRing,
  systemKey,
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
    expect(plain.length).toBe(4 + 1 + 3 * 32 + 1 + 2 * 34 + 2 + 2 * 36);
    const read = readSystemRing(plain);
    expect(read).toEqual({ ...ring, dayKeys: new Map([...days].reverse()) });
    expect([...read.dayKeys.keys()]).toEqual([20_780, 20_781]);
  });

  it('has a different key for every purpose', () => {
    const purposes = ['account', 'account-index', 'idempotency', 'pending-mac', 'log-signing'] as const;
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

  it('refuses plain bytes of another form', () => {
    const plain = writeSystemRing(ring);
    const other = Buffer.from(plain);
    other.writeUInt8(2, 4);
    expect(() => readSystemRing(other)).toThrow(badForm);
    expect(() => readSystemRing(Buffer.concat([plain, Buffer.alloc(1)]))).toThrow(badForm);
    for (let length = 4; length < plain.length; length += 1) {
      expect(() => readSystemRing(plain.subarray(0, length))).toThrow(badForm);
    }
  });
});
