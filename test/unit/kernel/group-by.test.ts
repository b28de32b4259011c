import { groupBy } from '../../../src/kernel/group-by';

it('groups in order', () => {
  const groups = groupBy(['b1', 'a1', 'b2'], (word) => word[0]);
  expect([...groups]).toEqual([
    ['b', ['b1', 'b2']],
    ['a', ['a1']],
  ]);
});
