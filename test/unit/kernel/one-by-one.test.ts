import { oneByOne } from '../../../src/kernel/one-by-one';

const fails = (name: string) => (): Promise<number> => Promise.reject(new Error(name));

it('runs everything, and says in the end what failed first', async () => {
  const turns = oneByOne();
  expect(await turns.run(() => Promise.resolve(1))).toBe(1);
  expect(await turns.run(fails('first'))).toBeUndefined();
  expect(await turns.try(() => Promise.resolve('done'))).toBe(true);
  expect(await turns.try(fails('second'))).toBe(false);
  expect(await turns.run(() => Promise.resolve(2))).toBe(2);
  expect(() => turns.finish()).toThrow('first');
});

it('says nothing when nothing failed', async () => {
  const turns = oneByOne();
  await turns.try(() => Promise.resolve('done'));
  expect(() => turns.finish()).not.toThrow();
});
