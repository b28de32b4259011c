import { randomUUID } from 'node:crypto';
import { openHttpWorld, type HttpAccount, type HttpWorld } from './http-world';

let world: HttpWorld;
let ann: HttpAccount;
let pageId: string;
beforeAll(async () => {
  world = await openHttpWorld();
  ann = await world.account('ann@example.com');
  ({ pageId } = await world.connect(ann.api));
});
afterAll(() => world.close());

interface Erasure {
  readonly id: string;
  readonly state: string;
  readonly status_url: string;
  readonly person_url: string | null;
  readonly certificate: string | null;
}
const PSID = '6230000000000471';
const pageOf = async (url: string) => {
  const answer = await fetch(`${world.url}${new URL(url).pathname}`);
  return { status: answer.status, text: await answer.text() };
};
const work = async (): Promise<void> => {
  await world.useCases.sequence();
  for (const { run } of world.useCases.erasing) await run();
};

it('erases a lead on request, shows how far it is to everybody who has the address, and answers 410 from then on', async () => {
  const leadId = await world.lead(ann.api, pageId, PSID);
  const key = { 'idempotency-key': 'erase-once' };
  const asked = await ann.api.call('POST', `/v1/leads/${leadId}/erasure`, undefined, key);
  expect(asked.status).toBe(202);
  const erasure = asked.body as unknown as Erasure;
  expect(erasure).toMatchObject({ state: 'waiting', certificate: null });
  expect(erasure.person_url?.split('#')[0]).toBe(erasure.status_url);
  const replayed = await ann.api.call('POST', `/v1/leads/${leadId}/erasure`, undefined, key);
  expect(replayed).toMatchObject({ status: 202, body: { id: erasure.id, person_url: null } });
  expect(await pageOf(erasure.status_url)).toMatchObject({
    status: 200,
    text: expect.stringContaining('Nothing new is sent') as string,
  });
  for (const [method, path] of [
    ['GET', ''],
    ['GET', '/consent'],
    ['GET', '/proof'],
    ['GET', '/export'],
    ['POST', '/unsubscribe'],
  ] as const) {
    const answer = await ann.api.call(method, `/v1/leads/${leadId}${path}`);
    expect([path, answer.status, (answer.body as { type: string }).type]).toEqual([
      path,
      410,
      expect.stringContaining('lead_erased'),
    ]);
  }
  expect(await ann.api.call('PUT', `/v1/leads/${leadId}/tags`, { tags: ['x'] })).toMatchObject({ status: 410 });
  expect(await ann.api.call('GET', '/v1/leads')).toMatchObject({ body: { data: [] } });
  expect(await ann.api.call('POST', '/v1/leads/lookup', { page_id: pageId, psid: PSID })).toMatchObject({
    status: 404,
  });

  await work();
  const done = await ann.api.expect<Erasure>(200, 'GET', `/v1/erasures/${erasure.id}`);
  expect(done.state).toBe('complete');
  const shown = await pageOf(erasure.status_url);
  expect(shown.text).toContain('assent-erasure-certificate/v1');
  expect(shown.text).not.toContain(PSID);
  expect(shown.text).not.toContain(leadId);
  expect(await ann.api.call('GET', `/v1/leads/${leadId}`)).toMatchObject({ status: 410 });
  expect(await ann.api.call('POST', `/v1/leads/${leadId}/erasure`)).toMatchObject({ status: 410 });
});

it('refuses what is unknown, of another account, or asked for without the right to erase', async () => {
  const leadId = await world.lead(ann.api, pageId, '6230000000000472');
  const bob = await world.account('bob@example.com');
  const limited = await ann.keyWith(['leads:read', 'leads:write']);
  const { id } = await ann.api.expect<Erasure>(202, 'POST', `/v1/leads/${leadId}/erasure`);
  expect(await limited.call('POST', `/v1/leads/${leadId}/erasure`)).toMatchObject({ status: 403 });
  expect(await bob.api.call('POST', `/v1/leads/${leadId}/erasure`)).toMatchObject({ status: 404 });
  expect(await bob.api.call('GET', `/v1/leads/${leadId}`)).toMatchObject({ status: 404 });
  expect(await bob.api.call('GET', `/v1/erasures/${id}`)).toMatchObject({ status: 404 });
  expect(await ann.api.call('GET', `/v1/erasures/${randomUUID()}`)).toMatchObject({ status: 404 });
  expect(await ann.api.call('POST', `/v1/leads/${randomUUID()}/erasure`)).toMatchObject({ status: 404 });
  expect(await ann.api.call('POST', '/v1/leads/not-an-id/erasure')).toMatchObject({ status: 422 });
  expect((await fetch(`${world.url}/erasure/${'0'.repeat(32)}`)).status).toBe(404);
  expect((await fetch(`${world.url}/erasure/${'0'.repeat(32)}`, { method: 'POST' })).status).toBe(405);
});
