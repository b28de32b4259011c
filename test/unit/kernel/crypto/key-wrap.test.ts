import { unwrapKey, wrapKey } from '../../../../src/kernel/crypto/key-wrap';

const KEK = Buffer.from(Array.from({ length: 32 }, (_, at) => at));
const KEY = Buffer.from('00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f', 'hex');

describe('wrapKey and unwrapKey', () => {
  it('give the vector of RFC 3394, section 4.6', () => {
    const wrapped = wrapKey(KEK, KEY);
    expect(wrapped.toString('hex')).toBe(
      '28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21',
    );
    expect(unwrapKey(KEK, wrapped).equals(KEY)).toBe(true);
  });

  it('does not unwrap under another key, nor anything changed or of another length', () => {
    const wrapped = wrapKey(KEK, KEY);
    const unreadable = expect.objectContaining({ code: 'key_unreadable' }) as Error;
    expect(() => unwrapKey(Buffer.alloc(32), wrapped)).toThrow(unreadable);
    expect(() => unwrapKey(KEK, wrapped.subarray(0, 32))).toThrow(unreadable);
    expect(() => unwrapKey(KEK, Buffer.alloc(0))).toThrow(unreadable);
    for (let at = 0; at < wrapped.length; at += 1) {
      const changed = Buffer.from(wrapped);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      expect(() => unwrapKey(KEK, changed)).toThrow(unreadable);
    }
  });

  it('wraps keys of 32 bytes only', () => {
    expect(() => wrapKey(KEK, Buffer.alloc(16))).toThrow(expect.objectContaining({ code: 'key_length' }) as Error);
  });
});
