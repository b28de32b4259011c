import type { ApiAnswer } from '../../support/api';
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

let made = 0;
const newKey = (): string => `key-${String((made += 1))}`;
const post = (path: string, body: unknown, key: string, api = ann.api): Promise<ApiAnswer> =>
  api.call('POST', path, body, { 'idempotency-key': key });
const draftBody = () => ({ name: 'Opening', page_ids: [pageId], message: { text: 'Hello' } });
const count = async (what: string): Promise<number> =>
  Number((await world.db.first<{ n: string }>(`select count(*) as n from ${what}`))!.n);
const isReplayed = (answer: ApiAnswer): boolean => answer.headers.get('idempotency-replayed') === 'true';

describe('a repeated Idempotency-Key', () => {
  it('answers the same draft, and makes one', async () => {
    const key = newKey();
    const before = await count('broadcast');
    const first = await post('/v1/broadcasts', draftBody(), key);
    const second = await post('/v1/broadcasts', draftBody(), key);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toEqual(first.body);
    expect([isReplayed(first), isReplayed(second)]).toEqual([false, true]);
    expect(second.headers.get('location')).toBe(first.headers.get('location'));
    expect(await count('broadcast')).toBe(before + 1);
  });

  it('without one makes two', async () => {
    const before = await count('broadcast');
    for (let call = 0; call < 2; call += 1) await ann.api.expect(201, 'POST', '/v1/broadcasts', draftBody());
    expect(await count('broadcast')).toBe(before + 2);
  });

  it('leaves the secret out when it made an API key', async () => {
    const key = newKey();
    const before = await count('api_key');
    const first = await post('/v1/api-keys', { scopes: ['leads:read'] }, key);
    const second = await post('/v1/api-keys', { scopes: ['leads:read'] }, key);
    expect(first.body['key']).toMatch(/^assent_/);
    expect([second.status, 'key' in second.body, second.body['id']]).toEqual([201, false, first.body['id']]);
    expect(await count('api_key')).toBe(before + 1);
  });

  it('renders a Page again under the status of the first call, and asks Meta once', async () => {
    const page = world.nextPage();
    const body = { page_id: page.id, name: page.name, access_token: page.token };
    const key = newKey();
    const first = await post('/v1/pages', body, key);
    const second = await post('/v1/pages', body, key);
    expect([first.status, second.status, isReplayed(second)]).toEqual([201, 201, true]);
    expect(second.body['id']).toBe(first.body['id']);
    const audits = await world.db.first<{ n: string }>(
      `select count(*) as n from audit_event where kind = 'page.connected'`,
    );
    const again = await post('/v1/pages', body, newKey());
    const laterAudits = await world.db.first<{ n: string }>(
      `select count(*) as n from audit_event where kind = 'page.connected'`,
    );
    expect([again.status, Number(laterAudits!.n)]).toEqual([200, Number(audits!.n) + 1]);
  });

  it('renders a Page that had been connected before under its own id', async () => {
    const page = world.nextPage();
    const body = { page_id: page.id, name: page.name, access_token: page.token };
    const known = await ann.api.expect(201, 'POST', '/v1/pages', body);
    const key = newKey();
    await post('/v1/pages', body, key);
    const replayed = await post('/v1/pages', body, key);
    expect([replayed.status, isReplayed(replayed), replayed.body['id']]).toEqual([200, true, known['id']]);
  });

  it('answers the counts of the first call', async () => {
    const key = newKey();
    const path = `/v1/pages/${pageId}/suppressions`;
    const first = await post(path, { psids: ['71', '72'] }, key);
    const second = await post(path, { psids: ['71', '72'] }, key);
    expect(first.body).toEqual({ added: 2, already: 0, withdrawn: 0 });
    expect([second.body, isReplayed(second)]).toEqual([first.body, true]);
  });

  it('does not tag again what was untagged since', async () => {
    const lead = await world.lead(ann.api, pageId, '6230000000000009');
    const key = newKey();
    const body = { lead_ids: [lead], add: ['menu'] };
    const first = await post('/v1/leads/tags', body, key);
    await ann.api.expect(200, 'PUT', `/v1/leads/${lead}/tags`, { tags: [] });
    const second = await post('/v1/leads/tags', body, key);
    expect([second.body, isReplayed(second)]).toEqual([first.body, true]);
    expect((await ann.api.expect(200, 'GET', `/v1/leads/${lead}`))['tags']).toEqual([]);
  });

  it('sends one test', async () => {
    const lead = await world.lead(ann.api, pageId, '6230000000000010');
    const { id } = await ann.api.expect(201, 'POST', '/v1/broadcasts', draftBody());
    const key = newKey();
    const path = `/v1/broadcasts/${String(id)}/test`;
    const first = await post(path, { lead_ids: [lead] }, key);
    const second = await post(path, { lead_ids: [lead] }, key);
    expect([first.status, second.status, isReplayed(second)]).toEqual([202, 202, true]);
    expect(second.body).toEqual(first.body);
    expect(await count(`reply where kind = 'test'`)).toBe(1);
  });

  it('keeps no id of a person: one who is erased within the day is named by nothing', async () => {
    const [one, two] = [
      await world.lead(ann.api, pageId, '6230000000000091'),
      await world.lead(ann.api, pageId, '6230000000000092'),
    ];
    const { id } = await ann.api.expect(201, 'POST', '/v1/broadcasts', draftBody());
    const path = `/v1/broadcasts/${String(id)}/test`;
    await ann.api.expect(202, 'POST', path, { lead_ids: [one] });
    const key = newKey();
    const body = { lead_ids: [one, two.toUpperCase()] };
    const first = await post(path, body, key);
    await post(`/v1/leads/${two}/unsubscribe`, undefined, newKey());
    await post('/v1/leads/tags', { lead_ids: [two], add: ['menu'] }, newKey());
    await post('/v1/leads/lookup', { page_id: pageId, psid: '6230000000000092' }, newKey());
    await post(`/v1/leads/${two}/erasure`, {}, newKey());
    const kept = await world.db.rows<{ resource: string }>('select resource_id as resource from idempotency_key');
    expect(kept.filter(({ resource }) => [one, two].some((lead) => resource.includes(lead)))).toEqual([]);
    const second = await post(path, body, key);
    expect([first.body, second.body, isReplayed(second)]).toEqual([{ lead_ids: [two] }, { lead_ids: [two] }, true]);
  });

  it('does not pause anew a broadcast that was resumed since', async () => {
    const { id } = await ann.api.expect(201, 'POST', '/v1/broadcasts', { ...draftBody(), launch: true });
    const key = newKey();
    const path = `/v1/broadcasts/${String(id)}`;
    expect((await post(`${path}/pause`, undefined, key)).body['status']).toBe('paused');
    await ann.api.expect(202, 'POST', `${path}/resume`);
    const replayed = await post(`${path}/pause`, undefined, key);
    expect([replayed.status, replayed.body['status'], isReplayed(replayed)]).toEqual([202, 'preparing', true]);
  });

  it('reads again where nothing is changed', async () => {
    const key = newKey();
    const body = { page_ids: [pageId] };
    const first = await post('/v1/audiences/estimate', body, key);
    await world.lead(ann.api, pageId, '6230000000000011');
    const second = await post('/v1/audiences/estimate', body, key);
    expect([first.status, second.status, isReplayed(second)]).toEqual([200, 200, true]);
    expect(second.body['audience']).toBe(Number(first.body['audience']) + 1);
    expect((await post('/v1/audiences/estimate', { ...body, audience: {} }, key)).status).toBe(422);
  });

  it('with another body or at another address is refused, and changes nothing', async () => {
    const key = newKey();
    await post('/v1/broadcasts', draftBody(), key);
    const before = await count('broadcast');
    const otherBody = await post('/v1/broadcasts', { ...draftBody(), name: 'Other' }, key);
    const otherAddress = await post('/v1/audiences/estimate', draftBody(), key);
    expect([otherBody.status, otherBody.body['type']]).toEqual([422, '/docs#problem-idempotency_key_reused']);
    expect(otherAddress.status).toBe(422);
    expect(await count('broadcast')).toBe(before);
  });

  it('of another account is another key', async () => {
    const bob = await world.account('bob@example.com');
    const key = newKey();
    const anns = await post('/v1/api-keys', { scopes: ['leads:read'] }, key);
    const bobs = await post('/v1/api-keys', { scopes: ['leads:read'] }, key, bob.api);
    expect([isReplayed(bobs), bobs.body['id'] === anns.body['id']]).toEqual([false, false]);
  });

  it('of a refused call may be used for the corrected one', async () => {
    const key = newKey();
    expect(
      (await post('/v1/api-keys', { scopes: ['leads:read'], expires_at: '2020-01-01T00:00:00Z' }, key)).status,
    ).toBe(422);
    expect((await post('/v1/api-keys', { scopes: ['leads:read'] }, key)).status).toBe(201);
  });

  it.each(['', 'with space', 'x'.repeat(256), 'ümlaut'])('is refused when it is malformed (%#)', async (key) => {
    const answer = await post(
      '/v1/api-keys',
      { scopes: ['leads:read'] },
      encodeURI(key) === key || key === 'with space' ? key : Buffer.from(key).toString('latin1'),
    );
    expect([answer.status, answer.body['type']]).toEqual([400, '/docs#problem-idempotency_key_invalid']);
  });

  it('is forgotten after a day', async () => {
    const key = newKey();
    const first = await post('/v1/broadcasts', draftBody(), key);
    world.forward(86_400_000);
    const second = await post('/v1/broadcasts', { ...draftBody(), name: 'A day later' }, key);
    expect([second.status, isReplayed(second), second.body['id'] === first.body['id']]).toEqual([201, false, false]);
  });
});

describe('at the same time', () => {
  it('exactly one of many calls with one key has an effect; the others wait or are answered the same', async () => {
    const key = newKey();
    const before = await count('broadcast');
    const answers = await Promise.all(Array.from({ length: 12 }, () => post('/v1/broadcasts', draftBody(), key)));
    const done = answers.filter(({ status }) => status === 201);
    const waiting = answers.filter(({ status }) => status === 409);
    expect(done.length).toBeGreaterThanOrEqual(1);
    expect(done.length + waiting.length).toBe(12);
    expect(done.filter((answer) => !isReplayed(answer))).toHaveLength(1);
    expect(new Set(done.map(({ body }) => body['id'])).size).toBe(1);
    expect(waiting.map((answer) => answer.headers.get('retry-after'))).toEqual(waiting.map(() => '2'));
    expect(await count('broadcast')).toBe(before + 1);
  });

  const holdKey = async (key: string, id: string): Promise<void> => {
    await post('/v1/broadcasts', draftBody(), key);
    await world.db.run(
      `update idempotency_key set state = 'running', status = null, resource_id = $1
        where created_at = (select max(created_at) from idempotency_key)`,
      [id],
    );
  };
  const UNMADE = '0b0f2f5e-3c5c-4a53-8a3d-6f6f2c3f5a10';

  it('a call that still runs is answered 409 with Retry-After', async () => {
    const key = newKey();
    await holdKey(key, UNMADE);
    const answer = await post('/v1/broadcasts', draftBody(), key);
    expect([answer.status, answer.body['type']]).toEqual([409, '/docs#problem-idempotency_in_progress']);
    expect(answer.headers.get('retry-after')).toBe('2');
  });

  it('a call that died before it made anything is taken over after a minute, under the same id', async () => {
    const key = newKey();
    await holdKey(key, UNMADE);
    world.forward(59_000);
    expect((await post('/v1/broadcasts', draftBody(), key)).status).toBe(409);
    world.forward(2_000);
    const answer = await post('/v1/broadcasts', draftBody(), key);
    expect([answer.status, answer.body['id'], isReplayed(answer)]).toEqual([201, UNMADE, false]);
    expect((await post('/v1/broadcasts', draftBody(), key)).body['id']).toBe(UNMADE);
  });

  it('a call that died after it had made its resource makes no second one', async () => {
    const key = newKey();
    const first = await post('/v1/broadcasts', draftBody(), key);
    await world.db.run(`update idempotency_key set state = 'running', status = null where resource_id = $1`, [
      first.body['id'],
    ]);
    const before = await count('broadcast');
    world.forward(61_000);
    const answer = await post('/v1/broadcasts', draftBody(), key);
    expect([answer.status, answer.body['id']]).toEqual([201, first.body['id']]);
    expect(await count('broadcast')).toBe(before);
  });

  it('a dead call cannot be taken over with another body', async () => {
    const key = newKey();
    await holdKey(key, UNMADE);
    world.forward(61_000);
    expect((await post('/v1/broadcasts', { ...draftBody(), name: 'Other' }, key)).status).toBe(422);
  });
});

describe('what is kept of a key', () => {
  it('is a fingerprint: neither the key nor the body can be found in the table', async () => {
    await post('/v1/api-keys', { scopes: ['leads:read'] }, 'recognisable-key-text');
    const rows = await world.db.rows<{ text: string }>('select k::text as text from idempotency_key k');
    expect(rows.length).toBeGreaterThan(5);
    const hex = Buffer.from('recognisable-key-text').toString('hex');
    expect(rows.filter(({ text }) => text.includes('recognisable') || text.includes(hex))).toEqual([]);
  });
});
