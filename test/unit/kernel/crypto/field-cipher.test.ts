import fc from 'fast-check';
import { openField, sealField, unlessUnreadable } from '../../../../src/kernel/crypto/field-cipher';

const KEY = Buffer.alloc(32, 7);
const PLACE = { table: 'lead_key', column: 'psid_ct', row: 'row-1' };
const unreadable = expect.objectContaining({ code: 'field_unreadable' }) as Error;

describe('sealField and openField', () => {
  it('give back what was sealed, 29 bytes longer in between', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const plain = Buffer.from(bytes);
        const sealed = sealField(KEY, PLACE, plain);
        expect(sealed.length).toBe(plain.length + 29);
        expect(sealed[0]).toBe(1);
        expect(openField(KEY, PLACE, sealed).equals(plain)).toBe(true);
      }),
    );
    expect(openField(KEY, PLACE, sealField(KEY, PLACE, 'é')).toString('utf8')).toBe('é');
  });

  it('opens a ciphertext that another program made, with a nonce of zeros', () => {
    const sealed = Buffer.from('0100000000000000000000000017b9c8c79e6fe200f8f117adeccf23ee43c994bb01', 'hex');
    expect(openField(KEY, PLACE, sealed).toString('utf8')).toBe('value');
  });

  it('never seals twice alike', () => {
    const sealed = new Set(Array.from({ length: 50 }, () => sealField(KEY, PLACE, 'a').toString('hex')));
    expect(sealed.size).toBe(50);
  });

  it.each([
    ['table', { ...PLACE, table: 'lead' }],
    ['column', { ...PLACE, column: 'dek_wrapped' }],
    ['row', { ...PLACE, row: 'row-2' }],
  ])('does not open at another %s', (_part, place) => {
    const sealed = sealField(KEY, PLACE, 'value');
    expect(() => openField(KEY, place, sealed)).toThrow(unreadable);
  });

  it('does not open with another key, nor when any one byte was changed or cut off', () => {
    const sealed = sealField(KEY, PLACE, 'value');
    expect(() => openField(Buffer.alloc(32, 8), PLACE, sealed)).toThrow(unreadable);
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      expect(() => openField(KEY, PLACE, changed)).toThrow(unreadable);
      expect(() => openField(KEY, PLACE, sealed.subarray(0, at))).toThrow(unreadable);
    }
  });
});

it('unlessUnreadable forgives what nothing opens, and no other fault', () => {
  const sealed = sealField(KEY, PLACE, 'value');
  expect(unlessUnreadable(() => openField(KEY, PLACE, sealed).toString())).toBe('value');
  expect(unlessUnreadable(() => openField(Buffer.alloc(32), PLACE, sealed))).toBeNull();
  const fault = new RangeError('a fault of the program');
  expect(() =>
    unlessUnreadable(() => {
      throw fault;
    }),
  ).toThrow(fault);
});
