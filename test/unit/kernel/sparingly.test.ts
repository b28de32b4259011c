import { sparingly } from '../../../src/kernel/sparingly';

it('says the same once in a while, and what is new at once', () => {
  let now = 1_000;
  const said: string[] = [];
  const say = sparingly(60, () => now);
  const turn = (what: string): void => say(what, () => said.push(`${what} at ${String(now)}`));
  for (const what of ['disk', 'disk', 'network']) turn(what);
  now = 1_059;
  turn('disk');
  now = 1_060;
  for (const what of ['disk', 'network', 'disk']) turn(what);
  expect(said).toEqual(['disk at 1000', 'network at 1000', 'disk at 1060', 'network at 1060']);
});
