import { openHttpWorld, type HttpAccount, type HttpWorld } from './http-world';

let world: HttpWorld;
let ann: HttpAccount;
beforeAll(async () => {
  world = await openHttpWorld();
  ann = await world.account('ann@example.com');
});
afterAll(() => world.close());

interface Mail {
  readonly kind: string;
  readonly state: string;
  readonly content: { readonly to: string; readonly text: string } | null;
}
const mails = async () => (await ann.api.expect<{ data: Mail[] }>(200, 'GET', '/v1/mail')).data;
const page = async (url: string, method = 'GET') => {
  const answer = await fetch(`${world.url}${new URL(url).pathname}`, { method });
  return { status: answer.status, text: await answer.text() };
};

it('deletes an account by its name, the mailed link and the button behind it, and nothing before that', async () => {
  const { pageId } = await world.connect(ann.api);
  const leadId = await world.lead(ann.api, pageId, '6230000000000701');
  expect(await ann.api.call('DELETE', '/v1/account', { name: 'Another Shop' })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/name' }] },
  });
  expect(await ann.api.call('DELETE', '/v1/account', {})).toMatchObject({ status: 422 });
  const reader = await ann.keyWith(['leads:read']);
  expect(await reader.call('DELETE', '/v1/account', { name: 'A Shop' })).toMatchObject({ status: 403 });
  expect(await mails()).toEqual([]);
  expect(await ann.api.expect(202, 'DELETE', '/v1/account', { name: 'A Shop' })).toMatchObject({
    would_delete: { pages: 1, leads: 1, api_keys: 2 },
  });
  const [mail] = await mails();
  expect(mail).toMatchObject({ kind: 'account_deletion_asked', state: 'kept', content: { to: 'ann@example.com' } });
  expect(mail!.content!.text).toContain(
    'ends 1 Page and 2 API keys, and destroys 1 person with their\nproofs, 0 broadcasts',
  );
  const link = /http:\/\/\S+\/account-deletion\/\S+/.exec(mail!.content!.text)![0];

  for (let visit = 0; visit < 3; visit += 1)
    expect(await page(link)).toMatchObject({
      status: 200,
      text: expect.stringContaining('data-testid="delete"') as string,
    });
  expect((await page(`${link}x`)).status).toBe(404);
  expect((await page(link, 'DELETE')).status).toBe(405);
  expect((await ann.api.expect(200, 'GET', `/v1/leads/${leadId}`))['id']).toBe(leadId);

  const done = await page(link, 'POST');
  const address = /data-testid="certificate">(http:\/\/[^<]+)</.exec(done.text)![1]!;
  expect(await ann.api.call('GET', '/v1/leads')).toMatchObject({ status: 401 });
  const [, code, secret] = /\/erasure\/([0-9a-f]{32})#(\S+)$/.exec(address)!;
  const isLedToThePage = async (method: string): Promise<void> => {
    const { status, text } = await page(link, method);
    expect([status, text]).toEqual([200, expect.stringContaining('The deletion has begun')]);
    expect(text).toContain(`/erasure/${code!}"`);
    for (const secretOrName of [secret!, 'A Shop', 'ann@example.com']) expect(text).not.toContain(secretOrName);
  };
  for (const method of ['GET', 'POST']) await isLedToThePage(method);
  expect((await page(address)).text).toContain('Nothing is sent any more');
  await world.useCases.sequence();
  for (const { run } of world.useCases.accounts) await run();
  const shown = await page(address);
  expect(shown.text).toContain('Complete.');
  expect(shown.text).toContain('scope account');
  for (const method of ['GET', 'POST']) await isLedToThePage(method);
  expect(await world.db.first('select count(*)::int as n from lead')).toEqual({ n: 0 });
  const metrics = await (await fetch(`${world.url}/metrics`)).text();
  expect(metrics).toContain('route="/account-deletion/{token}"');
  expect(`${metrics}${world.logged.join('')}`).not.toContain(link.split('/').at(-1));
});
