import { batchesOf } from '../../../src/kernel/batches';

it('reads batch after batch from behind the last row, until one is empty', async () => {
  const rows = [1, 2, 3, 4, 5];
  const asked: (number | null)[] = [];
  const read = (last: number | null) => {
    asked.push(last);
    return Promise.resolve(rows.filter((row) => row > (last ?? 0)).slice(0, 2));
  };
  const batches: (readonly number[])[] = [];
  for await (const batch of batchesOf(read)) batches.push(batch);
  expect(batches).toEqual([[1, 2], [3, 4], [5]]);
  expect(asked).toEqual([null, 2, 4, 5]);
});
