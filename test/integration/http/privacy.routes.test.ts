import { DATA_MAP, fieldsOf } from '../../../src/domain/policies';
import { openHttpWorld, type HttpWorld } from './http-world';

let world: HttpWorld;
beforeAll(async () => {
  world = await openHttpWorld();
});
afterAll(() => world.close());

it('tells everybody what is kept, as a page and for programs, every field of it', async () => {
  const answer = await fetch(`${world.url}/v1/privacy/data-map`);
  const { data } = (await answer.json()) as { data: { name: string; fields: { name: string; form: string }[] }[] };
  expect(answer.status).toBe(200);
  expect(data.map(({ name, fields }) => [name, fields.map((field) => field.name)])).toEqual(
    DATA_MAP.map((store) => [store.name, fieldsOf(store)]),
  );
  const page = await fetch(`${world.url}/privacy`);
  const text = await page.text();
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  for (const { name } of DATA_MAP) expect(text).toContain(`<code>${name}</code>`);
  expect((await fetch(`${world.url}/privacy`, { method: 'POST' })).status).toBe(405);
});
