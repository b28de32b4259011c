import { createCipheriv, createDecipheriv } from 'node:crypto';
import { randomIds } from '../../../../src/kernel/ids';
import { openRing, sealRing } from '../../../../src/platform/keyring/ring-seal';

const SEAL = Buffer.alloc(32, 1);
const OTHER = Buffer.alloc(32, 2);
const PLAIN = Buffer.from('0000000700112233', 'hex');

describe('sealRing and openRing', () => {
  const sealed = sealRing(SEAL, 'page-1', PLAIN, randomIds);

  it('write nonce, ciphertext and tag, bound to name and generation', () => {
    expect(sealed.length).toBe(12 + PLAIN.length + 16);
    const decipher = createDecipheriv('aes-256-gcm', SEAL, sealed.subarray(0, 12));
    decipher.setAAD(Buffer.from('assent/keyring/v1|page-1|7'));
    decipher.setAuthTag(sealed.subarray(-16));
    expect(Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]).equals(PLAIN)).toBe(true);
    expect(openRing([OTHER, SEAL], 'page-1', 7, sealed)?.equals(PLAIN)).toBe(true);
  });

  it('open nothing else', () => {
    expect(openRing([OTHER], 'page-1', 7, sealed)).toBeNull();
    expect(openRing([OTHER, SEAL], 'page-2', 7, sealed)).toBeNull();
    expect(openRing([OTHER, SEAL], 'page-1', 8, sealed)).toBeNull();
    expect(openRing([OTHER, SEAL], 'page-1', 7, sealed.subarray(0, -1))).toBeNull();
    expect(openRing([OTHER, SEAL], 'page-1', 7, Buffer.alloc(5))).toBeNull();
  });

  it('refuse a ring whose own generation is not the one it is bound to', () => {
    const cipher = createCipheriv('aes-256-gcm', SEAL, Buffer.alloc(12));
    cipher.setAAD(Buffer.from('assent/keyring/v1|page-1|8'));
    const other = Buffer.concat([Buffer.alloc(12), cipher.update(PLAIN), cipher.final(), cipher.getAuthTag()]);
    expect(openRing([OTHER, SEAL], 'page-1', 8, other)).toBeNull();
  });
});
