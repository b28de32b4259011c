import { UUID, uuidBytes, uuidText } from '../../../src/kernel/uuid';

const TEXT = '0f0e0d0c-0b0a-4908-8706-050403020100';

it('is 16 bytes and back', () => {
  expect(uuidBytes(TEXT).toString('hex')).toBe('0f0e0d0c0b0a49088706050403020100');
  expect(uuidText(uuidBytes(TEXT))).toBe(TEXT);
});

it('is known by its form, in any case', () => {
  expect([TEXT, TEXT.toUpperCase()].every((text) => UUID.test(text))).toBe(true);
  for (const other of [TEXT.slice(1), `${TEXT}0`, TEXT.replaceAll('-', ''), `${TEXT}\n`, TEXT.replace('f', 'g')])
    expect(UUID.test(other)).toBe(false);
});
