import { Readable } from 'node:stream';
import { footprint } from '../../../src/cli/footprint';
import { openHttpWorld, type HttpWorld } from '../http/http-world';

let world: HttpWorld;
let said: string[];
beforeAll(async () => {
  world = await openHttpWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  said = [];
});
afterEach(() => {
  process.exitCode = undefined;
});

const look = (input: string, value: string | null = null): Promise<object> =>
  footprint(
    world.infrastructure,
    { kind: 'footprint', value, paths: [] },
    (text) => void said.push(text),
    Readable.from([Buffer.from(input)]),
  );

it('says for how many values it looked', async () => {
  expect(await look('6230000000000801\r\nnobody at all\n')).toMatchObject({ values: 2, hits: 0 });
  expect(said.join(' ')).toContain('Looked for 2 values. Found nowhere');
  await look('', '6230000000000801');
  expect(said.join(' ')).toContain('Looked for one value.');
});

it.each([
  ['nothing', '', 'no value came in'],
  ['one empty line', '\n', 'value 1 of 1 is empty'],
  ['empty lines alone', '\n\n', 'value 1 of 2 is empty'],
  ['an empty value behind a good one', '6230000000000801\n\n', 'value 2 of 2 is empty'],
  ['an empty value before a good one', '\n6230000000000801', 'value 1 of 2 is empty'],
  ['blanks', '        \n', 'value 1 of 1 is empty'],
])('refuses %s', async (_what, input, message) => {
  await expect(look(input)).rejects.toMatchObject({ code: 'usage' });
  await expect(look(input)).rejects.toThrow(message);
  expect(said).toEqual([]);
});

it('refuses an empty argument', async () => {
  await expect(look('', '')).rejects.toMatchObject({ code: 'usage' });
});
