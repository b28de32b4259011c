import { normaliseTag, tagFaults } from '../../../../src/domain/leads/tag.rules';

test('one spelling for one tag; capitals matter', () => {
  expect(normaliseTag('  Cafe\u0301 ')).toBe('Caf\u00e9');
  expect(normaliseTag('VIP')).not.toBe(normaliseTag('vip'));
});

test('faults name the place', () => {
  expect(tagFaults('/tags', ['ok', ' ', 'x'.repeat(64), 'x'.repeat(65)]).map(({ pointer }) => pointer)).toEqual([
    '/tags/1',
    '/tags/3',
  ]);
  expect(
    tagFaults(
      '/add',
      Array.from({ length: 51 }, (_, n) => `t${n}`),
    ),
  ).toEqual([{ pointer: '/add', detail: 'at most 50 tags' }]);
  expect(
    tagFaults(
      '/add',
      Array.from({ length: 50 }, (_, n) => `t${n}`),
    ),
  ).toEqual([]);
});

test('what no spelling makes short enough is refused without being composed', () => {
  const normalize = jest.spyOn(String.prototype, 'normalize');
  const long = `a${'\u0301'.repeat(600)}`;
  expect(tagFaults('/tags', [long, 'e\u0301'.repeat(64)])).toEqual([
    { pointer: '/tags/0', detail: 'a tag has at most 64 characters' },
  ]);
  expect(normalize).toHaveBeenCalledTimes(1);
  normalize.mockRestore();
});
