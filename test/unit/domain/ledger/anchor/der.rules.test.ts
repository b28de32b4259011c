import fc from 'fast-check';
import {
  childrenOf,
  der,
  derInteger,
  derOid,
  derTime,
  derValidity,
  readDer,
  readOid,
  readTime,
  TAG,
} from '../../../../../src/domain/ledger/anchor/der.rules';

it('writes what X.690 says', () => {
  expect(derOid('1.2.840.113549.1.7.2').toString('hex')).toBe('06092a864886f70d010702');
  expect(derOid('2.16.840.1.101.3.4.2.1').toString('hex')).toBe('0609608648016503040201');
  expect(derInteger(Buffer.from('0080', 'hex')).toString('hex')).toBe('02020080');
  expect(derInteger(Buffer.from('007f', 'hex')).toString('hex')).toBe('02017f');
  expect(der(TAG.octetString, Buffer.alloc(200)).subarray(0, 3).toString('hex')).toBe('0481c8');
  expect(der(TAG.octetString, Buffer.alloc(300)).subarray(0, 4).toString('hex')).toBe('0482012c');
  expect(der(TAG.octetString, Buffer.alloc(70_000)).subarray(0, 5).toString('hex')).toBe('0483011170');
  expect(derTime(new Date('2026-11-23T10:11:12.999Z')).toString('latin1')).toContain('20261123101112Z');
  expect(derValidity(new Date('2020-01-01T00:00:00Z'))[0]).toBe(TAG.utcTime);
});

it('reads back what it wrote', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const element = readDer(der(TAG.sequence, der(TAG.octetString, Buffer.from(bytes)), derOid('1.2.3.999')));
      const [octets, oid] = childrenOf(element);
      expect(octets!.content).toEqual(Buffer.from(bytes));
      expect(readOid(oid!)).toBe('1.2.3.999');
    }),
  );
  expect(readTime(readDer(derTime(new Date('2026-11-23T10:11:12Z'))))).toEqual(new Date('2026-11-23T10:11:12Z'));
});

it.each(['', '30', '3080', '308100', '30810000', '3085000000000000', '3002', '1f0100', '0500ff'])(
  'refuses %s',
  (hex) => {
    expect(() => readDer(Buffer.from(hex, 'hex'))).toThrow(expect.objectContaining({ code: 'der' }) as Error);
  },
);
