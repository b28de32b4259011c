import { openHttpWorld, type HttpAccount, type HttpWorld } from './http-world';

let world: HttpWorld;
let ann: HttpAccount;
beforeAll(async () => {
  world = await openHttpWorld();
  ann = await world.account('ann@example.com');
});
afterAll(() => world.close());

const RECIPIENT = {
  name: 'Harbour Vouchers',
  purpose: 'Prints vouchers',
  country: 'DE',
  kind: 'integration',
  endpoint: 'https://recipient.example.com/hook',
};
interface Recipient {
  readonly id: string;
  readonly secret?: string;
  readonly ended_at: string | null;
}

it('shows the secret once, and to nobody who repeats the call', async () => {
  const key = { 'idempotency-key': 'register-once' };
  const made = await ann.api.call<Recipient>('POST', '/v1/recipients', RECIPIENT, key);
  expect([made.status, made.body.secret?.length]).toEqual([201, 43]);
  const again = await ann.api.call<Recipient>('POST', '/v1/recipients', RECIPIENT, key);
  expect([again.status, again.body.id, again.body.secret]).toEqual([201, made.body.id, undefined]);
  const shown = await ann.api.expect(200, 'GET', `/v1/recipients/${made.body.id}`);
  expect(shown).toMatchObject({
    ...RECIPIENT,
    receives: 'disclosed',
    calls: { notified: 0, pending: 0, failed: 0 },
    last_failure: null,
  });
  expect(shown).not.toHaveProperty('secret');
});

it('ends a recipient, which stays in the list', async () => {
  const { id } = await ann.api.expect<Recipient>(201, 'POST', '/v1/recipients', RECIPIENT);
  const ended = await ann.api.expect<Recipient>(200, 'DELETE', `/v1/recipients/${id}`);
  expect(ended.ended_at).not.toBeNull();
  const { data } = await ann.api.expect<{ data: Recipient[] }>(200, 'GET', '/v1/recipients');
  expect(data.find((one) => one.id === id)?.ended_at).toBe(ended.ended_at);
});

it.each([
  ['/name', { name: ' ' }],
  ['/name', { name: 'a\nb' }],
  ['/purpose', { purpose: '' }],
  ['/country', { country: 'Germany' }],
  ['/country', { country: 'ZZ' }],
  ['/kind', { kind: 'fax' }],
  ['/receives', { receives: 'nobody' }],
  ['/endpoint', { endpoint: 'http://recipient.example.com/' }],
  ['/endpoint', { endpoint: 'https://127.0.0.1/' }],
  ['/endpoint', { endpoint: 'https://recipient.example.com:8443/' }],
  ['/endpoint', { endpoint: 'https://metadata.google.internal/' }],
])('refuses what is wrong at %s: %j', async (pointer, wrong) => {
  const refused = await ann.api.call('POST', '/v1/recipients', { ...RECIPIENT, ...wrong });
  expect(refused).toMatchObject({ status: 422, body: { errors: [{ pointer }] } });
});

it('takes no field that it does not know, and lets only an admin of the account at it', async () => {
  expect(await ann.api.call('POST', '/v1/recipients', { ...RECIPIENT, secret: 'mine' })).toMatchObject({ status: 422 });
  const { id } = await ann.api.expect<Recipient>(201, 'POST', '/v1/recipients', RECIPIENT);
  const limited = await ann.keyWith(['leads:read', 'erase']);
  const bob = await world.account('bob@example.com');
  expect(await limited.call('GET', '/v1/recipients')).toMatchObject({ status: 403 });
  expect(await limited.call('POST', '/v1/recipients', RECIPIENT)).toMatchObject({ status: 403 });
  expect(await bob.api.call('GET', `/v1/recipients/${id}`)).toMatchObject({ status: 404 });
  expect(await bob.api.call('DELETE', `/v1/recipients/${id}`)).toMatchObject({ status: 404 });
});

it('shows how far recipients were told with the erasure, to the account and on its public page, and names nobody', async () => {
  const { pageId } = await world.connect(ann.api);
  const psid = '6230000000000881';
  const leadId = await world.lead(ann.api, pageId, psid);
  const { id: recipient } = await ann.api.expect<Recipient>(201, 'POST', '/v1/recipients', {
    ...RECIPIENT,
    // A name that leads nowhere: the call fails.
    endpoint: 'https://recipient.invalid/',
    receives: 'everyone',
  });
  interface Erasure {
    readonly id: string;
    readonly state: string;
    readonly status_url: string;
    readonly certificate: string | null;
  }
  const asked = await ann.api.expect<Erasure>(202, 'POST', `/v1/leads/${leadId}/erasure`);
  const work = async (): Promise<void> => {
    await world.useCases.sequence();
    for (const { run } of [...world.useCases.erasing, ...world.useCases.calling]) await run();
  };
  await work();
  expect(await ann.api.expect(200, 'GET', `/v1/erasures/${asked.id}`)).toMatchObject({
    state: 'destroying',
    recipients: { notified: 0, pending: 1, failed: 0 },
  });
  world.forward(11_000);
  await work();
  const done = await ann.api.expect<Erasure>(200, 'GET', `/v1/erasures/${asked.id}`);
  expect(done.state).toBe('complete');
  expect(done.certificate).toContain('\nrecipients 0 notified, 1 pending for up to 72 hours, 0 failed\n');
  const page = await (await fetch(`${world.url}${new URL(done.status_url).pathname}`)).text();
  expect(page).toContain('0 told, 1 still to be told, 0 not reached in 72 hours');
  expect(await ann.api.expect(200, 'GET', `/v1/recipients/${recipient}`)).toMatchObject({
    calls: { notified: 0, pending: 1, failed: 0 },
    last_failure: 'unreachable',
  });
  const shown = JSON.stringify([done, await ann.api.expect(200, 'GET', `/v1/recipients/${recipient}`), page]);
  for (const word of [psid, leadId]) expect(shown).not.toContain(word);
  expect(world.logged.join('\n')).not.toContain('recipient.invalid');
  expect(world.logged.join('\n')).not.toContain(psid);
});
