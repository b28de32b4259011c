import { oneByOne } from '../../../src/kernel/one-by-one';

const fails = (name: string) => (): Promise<number> => Promise.reject(new Error(name));

it('runs everything, and says in the end all that failed', async () => {
  const turns = oneByOne();
  expect(await turns.run(() => Promise.resolve(1))).toBe(1);
  expect(await turns.run(fails('first'))).toBeUndefined();
  expect(await turns.try(() => Promise.resolve('done'))).toBe(true);
  expect(await turns.try(fails('second'))).toBe(false);
  expect(await turns.run(() => Promise.resolve(2))).toBe(2);
  const failure = await Promise.resolve()
    .then(() => turns.finish())
    .catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(AggregateError);
  expect((failure as AggregateError).errors.map(String)).toEqual(['Error: first', 'Error: second']);
});

it('says what failed alone as it is', async () => {
  const turns = oneByOne();
  const failure = new RangeError('alone');
  await turns.run(() => Promise.reject(failure));
  expect(() => turns.finish()).toThrow(failure);
});

it('says nothing when nothing failed', async () => {
  const turns = oneByOne();
  await turns.try(() => Promise.resolve('done'));
  expect(() => turns.finish()).not.toThrow();
});
