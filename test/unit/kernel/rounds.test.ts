import { inRounds } from '../../../src/kernel/rounds';

it('goes on behind the last row, and from the start again after the end', async () => {
  let ids = [1, 2, 3, 4, 5];
  const next = inRounds<number>(2, String);
  const round = () =>
    next(({ after, limit }) => Promise.resolve(ids.filter((id) => id > Number(after)).slice(0, limit)));
  expect([await round(), await round(), await round(), await round()]).toEqual([[1, 2], [3, 4], [5], [1, 2]]);
  ids = [1, 2];
  expect([await round(), await round()]).toEqual([[], [1, 2]]);
});

it('stays where it was when a round could not be read', async () => {
  const next = inRounds<string>(1, (row) => row);
  const round = () => next(({ after }) => Promise.resolve([String(Number(after) + 1)]));
  expect(await round()).toEqual(['1']);
  await expect(next(() => Promise.reject(new Error('gone')))).rejects.toThrow('gone');
  expect(await round()).toEqual(['2']);
});
