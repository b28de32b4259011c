import { randomUUID } from 'node:crypto';
import { openHttpWorld, type HttpAccount, type HttpWorld } from './http-world';

interface Broadcast {
  readonly id: string;
  readonly status: string;
  readonly audience: Record<string, unknown>;
  readonly stats: Record<string, number>;
}
interface Problem {
  readonly type: string;
  readonly status: number;
  readonly detail: string;
  readonly request_id: string;
  readonly allowed?: readonly string[];
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}

let world: HttpWorld;
let ann: HttpAccount;
let pageId: string;
let leadId: string;

const PSID = '6230000000000001';

beforeAll(async () => {
  world = await openHttpWorld();
  ann = await world.account('ann@example.com');
  ({ pageId } = await world.connect(ann.api));
  leadId = await world.lead(ann.api, pageId, PSID);
});
afterAll(() => world.close());

const draftBody = (changes: Record<string, unknown> = {}) => ({
  name: 'Opening',
  page_ids: [pageId],
  message: { text: 'Hello {{first_name|there}}' },
  ...changes,
});
const draft = (changes: Record<string, unknown> = {}) =>
  ann.api.expect<Broadcast>(201, 'POST', '/v1/broadcasts', draftBody(changes));

describe('the happy paths', () => {
  it('connects, shows, changes and disconnects a Page', async () => {
    const page = await world.connect(ann.api);
    await ann.api.expect(200, 'GET', '/v1/pages?limit=1');
    await ann.api.expect(200, 'GET', `/v1/pages/${page.id}`);
    const changed = await ann.api.expect(200, 'PATCH', `/v1/pages/${page.pageId}`, { rate_per_second: 20 });
    expect(changed['rate_per_second']).toBe(20);
    const imported = await ann.api.expect(200, 'POST', `/v1/pages/${page.pageId}/suppressions`, { psids: ['1', '2'] });
    expect(imported).toEqual({ added: 2, already: 0, withdrawn: 0 });
    const gone = await ann.api.expect(200, 'DELETE', `/v1/pages/${page.pageId}`);
    expect(gone['state']).toBe('disconnected');
  });

  it('renews a Page that is connected again', async () => {
    const page = world.nextPage();
    const body = { page_id: page.id, name: page.name, access_token: page.token };
    const first = await ann.api.call('POST', '/v1/pages', body);
    const second = await ann.api.call('POST', '/v1/pages', body);
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.body['id']).toBe(first.body['id']);
    expect(first.headers.get('location')).toBe(`/v1/pages/${page.id}`);
  });

  it('lists, finds and tags leads, and shows what they agreed to', async () => {
    expect((await ann.api.expect<{ data: unknown[] }>(200, 'GET', `/v1/leads?page_id=${pageId}`)).data).toHaveLength(1);
    await ann.api.expect(200, 'GET', `/v1/leads/${leadId}`);
    const tagged = await ann.api.expect(200, 'PUT', `/v1/leads/${leadId}/tags`, { tags: ['berlin'] });
    expect(tagged['tags']).toEqual(['berlin']);
    const bulk = await ann.api.expect(200, 'POST', '/v1/leads/tags', { lead_ids: [leadId], add: ['menu'] });
    expect(bulk).toEqual({ changed: 1, not_found: 0, refused: 0 });
    await ann.api.expect(200, 'GET', `/v1/leads/${leadId}/export`);
    await ann.api.expect(202, 'DELETE', '/v1/account', { name: 'A Shop' });
    await ann.api.expect(200, 'GET', '/v1/retention');
    const cancelled = { name: 'A Shop', data: 'keep' };
    await ann.api.expect(202, 'POST', '/v1/account/subscription/cancel', cancelled);
    await ann.api.expect(200, 'GET', '/v1/account/subscription');
    await ann.api.expect(200, 'POST', '/v1/account/subscription/resume');
    await ann.api.expect(200, 'GET', '/v1/mail');
    const history = await ann.api.expect<{ data: { kind: string }[] }>(200, 'GET', `/v1/leads/${leadId}/consent`);
    expect(history.data.map(({ kind }) => kind)).toContain('opt_in');
  });

  it('makes, lists and revokes API keys', async () => {
    const made = await ann.api.expect(201, 'POST', '/v1/api-keys', { scopes: ['leads:read'], expires_at: null });
    expect(made['key']).toMatch(/^assent_/);
    const list = await ann.api.expect<{ data: object[] }>(200, 'GET', '/v1/api-keys');
    expect(list.data.length).toBeGreaterThanOrEqual(2);
    expect(list.data.filter((key) => 'key' in key)).toEqual([]);
    const revoked = await ann.api.expect(200, 'DELETE', `/v1/api-keys/${String(made['id'])}`);
    expect(revoked['revoked_at']).not.toBeNull();
  });

  it('drafts, edits, estimates, judges, tests and deletes a broadcast', async () => {
    const { id, status } = await draft({ audience: { tags_any: ['menu'], window: 'any' } });
    expect(status).toBe('draft');
    await ann.api.expect(200, 'GET', '/v1/broadcasts?limit=1');
    const changed = await ann.api.expect(200, 'PATCH', `/v1/broadcasts/${id}`, { name: 'Other', audience: {} });
    expect(changed['name']).toBe('Other');
    const estimate = await ann.api.expect(200, 'POST', '/v1/audiences/estimate', { page_ids: [pageId] });
    expect([estimate['audience'], estimate['eligible']]).toEqual([1, 1]);
    const preflight = await ann.api.expect(200, 'POST', `/v1/broadcasts/${id}/preflight`);
    expect(preflight['eligible']).toBe(1);
    const tested = await ann.api.expect(202, 'POST', `/v1/broadcasts/${id}/test`, { lead_ids: [leadId] });
    expect(tested).toEqual({ lead_ids: [leadId] });
    const deleted = await ann.api.call<string>('DELETE', `/v1/broadcasts/${id}`);
    expect([deleted.status, deleted.body]).toEqual([204, '']);
    await ann.api.expect(404, 'GET', `/v1/broadcasts/${id}`);
  });

  it('queues a test once a minute and says when to try again', async () => {
    const { id } = await draft();
    const path = `/v1/broadcasts/${id}/test`;
    const answers = await Promise.all(
      Array.from({ length: 8 }, () =>
        fetch(`${world.url}${path}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${ann.key}`, 'content-type': 'application/json' },
          body: JSON.stringify({ lead_ids: [leadId] }),
        }),
      ),
    );
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(7);
    for (const answer of refused) {
      const seconds = Number(answer.headers.get('retry-after'));
      expect([seconds >= 1, seconds <= 60]).toEqual([true, true]);
      expect(((await answer.json()) as Problem).type).toBe('/docs#problem-test_limit');
    }
  });

  it('changes what is launched only for a key that may launch', async () => {
    const writer = await ann.keyWith(['broadcasts:read', 'broadcasts:write']);
    const at = new Date(Date.now() + 3_600_000).toISOString();
    const { id } = await draft({ schedule: { at }, launch: true });
    const path = `/v1/broadcasts/${id}`;
    const refused = await writer.call<Problem>('PATCH', path, { message: { text: 'Another' } });
    expect([refused.status, refused.body.type]).toEqual([403, '/docs#problem-scope_missing']);
    await writer.expect(200, 'PATCH', path, { name: 'Other' });
    await ann.api.expect(200, 'PATCH', path, { message: { text: 'Mine' } });
    await ann.api.expect(202, 'POST', `${path}/cancel`);
  });

  it('tells how named leads stand only to a key that may read leads', async () => {
    const reader = await ann.keyWith(['broadcasts:read']);
    const both = await ann.keyWith(['broadcasts:read', 'leads:read']);
    const { id: named } = await draft({ audience: { lead_ids: [leadId] } });
    const { id: anybody } = await draft();
    const body = { page_ids: [pageId], audience: { lead_ids: [leadId] } };
    for (const [path, asked] of [
      ['/v1/audiences/estimate', body],
      [`/v1/broadcasts/${named}/preflight`, undefined],
    ] as const) {
      const refused = await reader.call<Problem>('POST', path, asked);
      expect([refused.status, refused.body.type]).toEqual([403, '/docs#problem-scope_missing']);
      expect((await both.expect(200, 'POST', path, asked))['audience']).toBe(1);
    }
    await reader.expect(200, 'POST', '/v1/audiences/estimate', { page_ids: [pageId] });
    await reader.expect(200, 'POST', `/v1/broadcasts/${anybody}/preflight`);
  });

  it('names the notice when it has too many languages, and a text that is none', async () => {
    const texts = Array.from({ length: 41 }, (_, n): [string, string] => [
      `x${String.fromCharCode(97 + (n % 26))}${n < 26 ? '' : 'a'}`,
      'Offers.',
    ]);
    for (const [notice, pointer] of [
      [Object.fromEntries(texts), '/notice'],
      [{ en: 'Offers \u0000' }, '/notice/en'],
    ] as const) {
      const refused = await ann.api.call<Problem>('PATCH', `/v1/pages/${pageId}`, { notice });
      expect(refused.status).toBe(422);
      expect(refused.body).toMatchObject({ errors: [{ pointer }] });
    }
  });

  it('launches, pauses, resumes and cancels, and lists the deliveries', async () => {
    const { id } = await draft({ launch: true });
    await world.useCases.work.freezeAudience(id);
    const paused = await ann.api.expect<Broadcast>(202, 'POST', `/v1/broadcasts/${id}/pause`);
    expect(paused.status).toBe('paused');
    expect((await ann.api.expect<Broadcast>(202, 'POST', `/v1/broadcasts/${id}/resume`)).status).toBe('sending');
    expect((await ann.api.expect<Broadcast>(202, 'POST', `/v1/broadcasts/${id}/launch`)).status).toBe('sending');
    const shown = await ann.api.expect<Broadcast>(200, 'GET', `/v1/broadcasts/${id}`);
    expect([shown.stats['audience'], shown.stats['pending']]).toEqual([1, 1]);
    const list = await ann.api.expect<{ data: { lead_id: string }[] }>(
      200,
      'GET',
      `/v1/broadcasts/${id}/deliveries?status=pending`,
    );
    expect(list.data.map((each) => each.lead_id)).toEqual([leadId]);
    const csv = await ann.api.call<string>('GET', `/v1/broadcasts/${id}/deliveries`, undefined, { accept: 'text/csv' });
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(csv.headers.get('content-disposition')).toContain(`deliveries-${id}.csv`);
    expect(csv.body.split('\r\n')).toHaveLength(3);
    expect(csv.body).toContain(`,${leadId},pending,`);
    expect((await ann.api.expect<Broadcast>(202, 'POST', `/v1/broadcasts/${id}/cancel`)).status).toBe('cancelled');
  });

  it('pages through deliveries with the cursor it gave', async () => {
    const second = await world.lead(ann.api, pageId, '6230000000000002');
    const { id } = await draft({ launch: true });
    await world.useCases.work.freezeAudience(id);
    const path = `/v1/broadcasts/${id}/deliveries?limit=1`;
    interface Part {
      readonly data: readonly { readonly lead_id: string }[];
      readonly pagination: { readonly next_cursor: string | null; readonly has_more: boolean };
    }
    const one = await ann.api.expect<Part>(200, 'GET', path);
    const two = await ann.api.expect<Part>(200, 'GET', `${path}&cursor=${String(one.pagination.next_cursor)}`);
    expect([one.pagination.has_more, two.pagination]).toEqual([true, { next_cursor: null, has_more: false }]);
    expect([...one.data, ...two.data].map((each) => each.lead_id).sort()).toEqual([leadId, second].sort());
    await ann.api.expect(202, 'POST', `/v1/broadcasts/${id}/cancel`);
  });

  it('unsubscribes a lead', async () => {
    const gone = await world.lead(ann.api, pageId, '6230000000000003');
    const lead = await ann.api.expect(200, 'POST', `/v1/leads/${gone}/unsubscribe`);
    expect([lead['id'], lead['status']]).toEqual([gone, 'unsubscribed']);
  });

  it('serves the log: its key, its checkpoint, its tiles', async () => {
    const signed = await world.useCases.sequence();
    if (signed.kind !== 'signed') throw new Error('nothing was signed');
    const { vkey } = await ann.api.expect<{ vkey: string }>(200, 'GET', '/v1/ledger/key');
    expect(await ann.api.expect(200, 'GET', '/v1/ledger/key')).toEqual({ vkey, former: [] });
    const note = await ann.api.call<string>('GET', '/v1/ledger/checkpoint');
    const [origin, size] = note.body.split('\n');
    expect([origin, Number(size)]).toEqual([vkey.split('+')[0], signed.size]);
    const width = `.p/${String(signed.size)}`;
    for (const [path, bytes] of [
      [`0/000${width}`, 32 * signed.size],
      [`entries/000${width}`, 34 * signed.size],
    ] as const) {
      const tile = await ann.api.call<string>('GET', `/v1/ledger/tile/${path}`, undefined, { accept: '*/*' });
      expect([tile.status, tile.headers.get('content-length')]).toEqual([200, String(bytes)]);
    }
    for (const path of ['0/000', '1/000', '0/0', 'entries/x001/000']) {
      expect((await ann.api.call('GET', `/v1/ledger/tile/${path}`)).status).toBe(404);
    }
  });

  it('exports proofs of one person, one message, a broadcast and a range of time, and says what was exported', async () => {
    const { id } = await draft({ launch: true });
    await world.useCases.work.freezeAudience(id);
    await world.useCases.sequence();
    const typed = async (path: string, accept: string, type: string) => {
      const answer = await ann.api.call<string>('GET', path, undefined, { accept });
      expect([path, answer.status, answer.headers.get('content-type')]).toEqual([path, 200, type]);
      expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="proof/);
      return answer;
    };
    await typed(`/v1/leads/${leadId}/proof`, '*/*', 'application/zip');
    const json = await typed(`/v1/leads/${leadId}/proof`, 'application/json', 'application/json');
    expect(Object.keys(json.body)).toContain('entries/0001.json');
    const at = await world.db.first<{ uuid: string }>('select public_id as uuid from page where meta_page_id = $1', [
      pageId,
    ]);
    await world.db.run(`update reply set status = 'skipped', reason = 'window_closed' where status = 'pending'`);
    const chunk = { broadcastId: id, pageId: at!.uuid, generation: 1, lane: 0 as const };
    await world.useCases.work.sendChunk(chunk, new AbortController().signal);
    await world.db.run('update lead set unreachable_at = null, failed_in_a_row = 0');
    await world.useCases.sequence();
    const list = await ann.api.expect<{ data: { id: string | null }[] }>(200, 'GET', `/v1/broadcasts/${id}/deliveries`);
    const delivery = list.data.find((each) => each.id !== null)?.id ?? '';
    await typed(`/v1/broadcasts/${id}/deliveries/${delivery}/proof`, 'application/zip', 'application/zip');
    await typed(`/v1/broadcasts/${id}/proofs`, 'application/x-ndjson', 'application/x-ndjson');
    const range = `from=2020-01-01T00:00:00Z&to=${encodeURIComponent(new Date(Date.now() + 60_000).toISOString())}`;
    await typed(`/v1/proofs?page_id=${pageId}&${range}`, 'application/x-ndjson', 'application/x-ndjson');
    await typed(`/v1/proofs?${range}`, 'application/zip', 'application/zip');
    const status = async (path: string, accept = '*/*') =>
      (await ann.api.call('GET', path, undefined, { accept })).status;
    expect(await status(`/v1/leads/${leadId}/proof`, 'text/html')).toBe(406);
    expect(await status('/v1/proofs?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z')).toBe(422);
    expect(await status(`/v1/broadcasts/${id}/deliveries/${randomUUID()}/proof`)).toBe(404);
    expect(await status(`/v1/leads/${randomUUID()}/proof`)).toBe(404);

    interface Exports {
      readonly data: readonly { readonly kind: string }[];
      readonly pagination: { readonly next_cursor: string };
    }
    const first = await ann.api.expect<Exports>(200, 'GET', '/v1/proofs/exports?limit=2');
    expect(first.data.map(({ kind }) => kind)).toEqual(['audit', 'audit']);
    const { next_cursor: cursor } = first.pagination;
    const next = await ann.api.expect<Exports>(200, 'GET', `/v1/proofs/exports?limit=200&cursor=${cursor}`);
    expect(next.data.map(({ kind }) => kind)).toEqual(['broadcast', 'message', 'lead', 'lead']);
    await ann.api.expect(202, 'POST', `/v1/broadcasts/${id}/cancel`);
  });

  it('says who vouches for the log, loudly when nobody does', async () => {
    const anchors = await ann.api.expect(200, 'GET', '/v1/ledger/anchors');
    expect([anchors['independent'], anchors['warning']]).toEqual([
      false,
      "No independent anchor: proofs rest on this operator's word.",
    ]);
  });

  it('makes an archive of the account', async () => {
    const passphrase = 'correct horse battery staple';
    const { id } = await ann.api.expect<{ id: string }>(202, 'POST', '/v1/account/backup', { passphrase });
    await ann.api.expect(409, 'GET', `/v1/account/backups/${id}/archive`);
    expect(await world.useCases.work.makeBackup(id)).toBe('made');
    expect(await ann.api.expect(200, 'GET', `/v1/account/backups/${id}`)).toMatchObject({ state: 'ready' });
    const archive = await ann.api.call<string>('GET', `/v1/account/backups/${id}/archive`);
    expect(archive.body).toMatch(/^age-encryption\.org\/v1\n/);
    await ann.api.expect(200, 'GET', '/v1/account/backups');
    const bytes = await fetch(`${world.url}/v1/account/backups/${id}/archive`, {
      headers: { authorization: `Bearer ${ann.key}` },
    });
    const brought = await fetch(`${world.url}/v1/account/backup/import`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${ann.key}`,
        'content-type': 'application/octet-stream',
        'backup-passphrase': Buffer.from(passphrase).toString('base64'),
      },
      body: await bytes.arrayBuffer(),
    });
    expect(brought.status).toBe(200);
    expect(await ann.api.expect(200, 'GET', '/v1/account/backup/import')).toMatchObject({ state: 'done' });
  });

  it('registers a recipient, shows it, and ends it', async () => {
    const recipient = {
      name: 'Harbour Vouchers',
      purpose: 'Prints vouchers',
      country: 'DE',
      kind: 'integration',
      endpoint: 'https://recipient.example.com/hook',
    };
    const { id } = await ann.api.expect<{ id: string }>(201, 'POST', '/v1/recipients', recipient);
    await ann.api.expect(200, 'GET', '/v1/recipients');
    await ann.api.expect(200, 'GET', `/v1/recipients/${id}`);
    await ann.api.expect(200, 'DELETE', `/v1/recipients/${id}`);
  });

  it('erases a lead', async () => {
    const erased = await world.lead(ann.api, pageId, '6230000000000099');
    const { id } = await ann.api.expect<{ id: string }>(202, 'POST', `/v1/leads/${erased}/erasure`);
    await ann.api.expect(200, 'GET', `/v1/erasures/${id}`);
    await ann.api.expect(410, 'GET', `/v1/leads/${erased}`);
  });

  it('has walked every route, and each answer had the documented shape', () => {
    const walked = new Set([...world.answered].map((each) => each.replace(/ \d+$/, '')));
    const missing = world.routes
      .map(({ method, path }) => `${method.toUpperCase()} ${path}`)
      .filter((name) => !walked.has(name) && !name.endsWith('/events'));
    expect(missing).toEqual([]);
  });
});

describe('what a key may not', () => {
  it('launch by creating', async () => {
    const writer = await ann.keyWith(['broadcasts:write', 'broadcasts:read']);
    const refused = await writer.call<Problem>('POST', '/v1/broadcasts', draftBody({ launch: true }));
    expect([refused.status, refused.body.detail]).toEqual([403, 'this API key lacks the scope broadcasts:launch']);
    expect((await writer.call('POST', '/v1/broadcasts', draftBody())).status).toBe(201);
  });

  it('see recipients by reading broadcasts', async () => {
    const reader = await ann.keyWith(['broadcasts:read']);
    const { id, audience } = await draft({ audience: { lead_ids: [leadId] } });
    expect(audience['lead_ids']).toEqual([leadId]);
    const shown = await reader.expect<Broadcast>(200, 'GET', `/v1/broadcasts/${id}`);
    expect(JSON.stringify(shown)).not.toContain(leadId);
    expect((await reader.call('GET', `/v1/broadcasts/${id}/deliveries`)).status).toBe(403);
  });

  it('reach another account', async () => {
    const bob = await world.account('bob@example.com');
    const { id } = await draft();
    const keys = await ann.api.expect<{ data: { id: string }[] }>(200, 'GET', '/v1/api-keys');
    const own: Record<string, string> = { page_id: pageId, id };
    let tried = 0;
    for (const { method, path, bodyExample } of world.routes.filter((route) => route.path.includes('{'))) {
      const target = path.startsWith('/v1/leads') ? leadId : path.startsWith('/v1/api-keys') ? keys.data[0]!.id : id;
      const at = path
        .replace('{page_id}', own['page_id']!)
        .replace('{id}', target)
        .replace('{delivery_id}', randomUUID())
        .replace('{tile}', '0/000');
      const answer = await bob.api.call<Problem>(method.toUpperCase(), at, bodyExample);
      expect([method, path, answer.status]).toEqual([method, path, 404]);
      tried += 1;
    }
    expect(tried).toBeGreaterThanOrEqual(18);
    for (const path of ['/v1/pages', '/v1/leads', '/v1/broadcasts']) {
      expect((await bob.api.expect<{ data: unknown[] }>(200, 'GET', path)).data).toEqual([]);
    }
    const found = await bob.api.call('POST', '/v1/leads/lookup', { page_id: pageId, psid: PSID });
    expect(found.status).toBe(404);
  });
});

describe('problems of broadcasts', () => {
  it('name the states in which a call is possible', async () => {
    const { id } = await draft();
    const refused = await ann.api.call<Problem>('POST', `/v1/broadcasts/${id}/pause`);
    expect(refused.status).toBe(409);
    expect(refused.body.type).toBe('/docs#problem-broadcast_state');
    expect(refused.body.allowed).toEqual(['scheduled', 'preparing', 'sending', 'paused', 'holding']);
  });

  it('carry the m.me link where the window is closed', async () => {
    const { id } = await draft();
    await world.db.run(`update lead set last_inbound_at = $2 where public_id = $1`, [leadId, new Date(0)]);
    const refused = await ann.api.call<Problem>('POST', `/v1/broadcasts/${id}/test`, { lead_ids: [leadId] });
    await world.db.run(`update lead set last_inbound_at = now() where public_id = $1`, [leadId]);
    expect([refused.status, refused.body.type]).toEqual([422, '/docs#problem-test_window_closed']);
    expect(refused.body.detail).toContain(`https://m.me/${pageId}`);
  });

  it('point at fields', async () => {
    const body = draftBody({
      message: { text: 'x'.repeat(2_001) },
      quiet_hours: { from: '1' },
      page_ids: [randomUUID()],
    });
    const refused = await ann.api.call<Problem>('POST', '/v1/broadcasts', body);
    expect([refused.status, refused.body.type]).toEqual([422, '/docs#problem-broadcast_invalid']);
    expect(refused.body.errors?.map(({ pointer }) => pointer)).toEqual(
      expect.arrayContaining(['/message/text', '/quiet_hours']),
    );
  });
});
