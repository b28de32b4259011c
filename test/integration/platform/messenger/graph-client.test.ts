import { createHmac } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGraphClient, type GraphClient } from '../../../../src/platform/messenger/graph-client';
import { systemClock } from '../../../../src/kernel/clock';
import { startSandboxServer, type SandboxServer } from '../../../../src/sandbox';

const TOKEN = 'EAAtokenOfThePage0123456789';
const PAGE_ID = '104857600000001';
const CALL = { metaPageId: PAGE_ID, token: TOKEN };
const PROFILE = { greeting: 'Welcome', getStartedPayload: 'start', menu: [{ title: 'Unsubscribe', payload: 'stop' }] };

interface Heard {
  readonly method: string;
  readonly path: string;
  readonly query: Record<string, string>;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
  readonly port: number | undefined;
}

type Answer = (res: http.ServerResponse, heard: Heard) => void;

const answering =
  (status: number, body: unknown): Answer =>
  (res) =>
    res.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));

describe('the Graph client', () => {
  let server: http.Server;
  let client: GraphClient;
  let heard: Heard[];
  let answer: Answer;

  beforeEach(async () => {
    heard = [];
    server = http.createServer((req, res) => {
      const url = new URL(req.url ?? '/', 'http://graph');
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => {
        const call: Heard = {
          method: req.method ?? '',
          path: url.pathname,
          query: Object.fromEntries(url.searchParams),
          headers: req.headers,
          body: Buffer.concat(chunks).toString('utf8'),
          port: req.socket.remotePort,
        };
        heard.push(call);
        answer(res, call);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    client = createGraphClient({ baseUrl: urlOf(server), version: 'v25.0', appSecret: 'secret', timeoutMs: 400 });
  });

  afterEach(async () => {
    client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('asks for the Page and then whose the token is, over one connection, with the token only in a header', async () => {
    answer = (res, { path }) =>
      answering(200, { id: path.endsWith('/me') ? '7' : PAGE_ID, name: 'Harbour' })(res, heard[0]!);
    expect(await client.identify(CALL)).toEqual({ ok: true, value: { id: '7', name: 'Harbour' } });
    expect(heard.map(({ method, path }) => `${method} ${path}`)).toEqual([`GET /v25.0/${PAGE_ID}`, 'GET /v25.0/me']);
    expect(heard[0]!.query).toMatchObject({ fields: 'id,name' });
    expect(new Set(heard.map(({ port }) => port)).size).toBe(1);
    for (const { headers, query, path } of heard) {
      expect(headers.authorization).toBe(`Bearer ${TOKEN}`);
      expect(JSON.stringify([query, path])).not.toContain(TOKEN);
      expect(query['appsecret_proof']).toBe(createHmac('sha256', 'secret').update(TOKEN).digest('hex'));
    }
  });

  it('signs with the published form of the proof, and not at all without a secret', async () => {
    answer = answering(200, { success: true });
    await client.unsubscribe({ ...CALL, token: 'EAABtoken' });
    expect(heard[0]!.query['appsecret_proof']).toBe('663fcf78ee5e5e260e57da40968be567628839f3be32ed6c31bffecb15c596b3');
    const unsigned = createGraphClient({ baseUrl: urlOf(server), version: 'v25.0', appSecret: null });
    await unsigned.unsubscribe(CALL);
    unsigned.close();
    expect(heard[1]!.query).toEqual({});
    expect(heard[1]!.method).toBe('DELETE');
  });

  it('sets greeting, Get Started and menu in one call', async () => {
    answer = answering(200, { result: 'success' });
    expect(await client.setProfile(CALL, PROFILE)).toEqual({ ok: true, value: null });
    expect(heard).toHaveLength(1);
    expect(heard[0]).toMatchObject({ method: 'POST', path: '/v25.0/me/messenger_profile' });
    expect(JSON.parse(heard[0]!.body)).toEqual({
      greeting: [{ locale: 'default', text: 'Welcome' }],
      get_started: { payload: 'start' },
      persistent_menu: [
        {
          locale: 'default',
          composer_input_disabled: false,
          call_to_actions: [{ type: 'postback', title: 'Unsubscribe', payload: 'stop' }],
        },
      ],
    });
  });

  it.each<[string, unknown, boolean]>([
    ['true', { success: true }, true],
    ['the text true', { success: 'true' }, true],
    ['a result', { result: 'success' }, true],
    ['false', { success: false }, false],
    ['nothing', {}, false],
  ])('takes %s for an answer to a subscription', async (_case, body, ok) => {
    answer = answering(200, body);
    expect((await client.subscribe(CALL, ['messages', 'messaging_postbacks'])).ok).toBe(ok);
    expect(heard[0]!.query['subscribed_fields']).toBe('messages,messaging_postbacks');
  });

  it.each([200, 400, 401, 500])('reads an error envelope under status %i', async (status) => {
    const message = `Error validating ${TOKEN}\n or EAAanotherToken123: session\u0007 expired. ${'x'.repeat(900)}`;
    answer = answering(status, { error: { message, code: 190, error_subcode: 463, type: 'OAuthException' } });
    const refusal = await client.identify(CALL);
    expect(refusal).toMatchObject({ ok: false, status, code: 190, subcode: 463 });
    const told = JSON.stringify(refusal);
    expect(told).toContain('Error validating [token] or [token]: session expired.');
    expect(told).not.toContain('EAA');
    expect(told.length).toBeLessThan(400);
    expect(heard).toHaveLength(1);
  });

  it.each<[string, Answer, number | null]>([
    ['an error page', answering(502, '<html>Bad Gateway</html>'), 502],
    ['a bare list', answering(200, '[]'), 200],
    ['a redirect', (res) => res.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(), 302],
    ['silence', () => undefined, null],
    ['drops', (res) => drip(res), null],
    ['a cut', (res) => res.destroy(), null],
    ['a flood', (res) => res.writeHead(200).end('x'.repeat(2_000_000)), null],
  ])('turns %s into a value that holds neither token nor body', async (_case, given, status) => {
    answer = given;
    const refusal = await client.setProfile(CALL, { ...PROFILE, greeting: 'a private greeting' });
    expect(refusal).toMatchObject({ ok: false, status, code: null, subcode: null });
    expect(Object.keys(refusal).sort()).toEqual(['code', 'message', 'ok', 'status', 'subcode']);
    expect(JSON.stringify(refusal)).not.toMatch(/EAA|private greeting|127\.0\.0\.1/);
    expect(heard).toHaveLength(1);
  });

  it('answers with a value when nobody listens', async () => {
    const nowhere = createGraphClient({ baseUrl: 'http://127.0.0.1:1', version: 'v25.0', appSecret: null });
    expect(await nowhere.identify(CALL)).toEqual({
      ok: false,
      status: null,
      code: null,
      subcode: null,
      message: 'Meta could not be reached (ECONNREFUSED)',
    });
    nowhere.close();
  });
});

describe('the Graph client against the sandbox', () => {
  let sandbox: SandboxServer;
  let client: GraphClient;

  beforeAll(async () => {
    sandbox = await startSandboxServer({
      appId: '1',
      appSecret: 'sandbox-app-secret',
      verifyToken: 'verify-me',
      webhookUrl: 'http://127.0.0.1:1/webhook',
      seed: Buffer.alloc(32, 7),
      clock: systemClock,
      pages: 2,
    });
    client = createGraphClient({ baseUrl: sandbox.graphUrl, version: 'v25.0', appSecret: 'sandbox-app-secret' });
  });

  afterAll(async () => {
    client.close();
    await sandbox.close();
  });

  it('knows a Page by its token, sets it up and takes it down', async () => {
    const [page] = sandbox.sandbox.pages;
    const call = { metaPageId: page!.id, token: page!.token };
    expect(await client.identify(call)).toEqual({ ok: true, value: { id: page!.id, name: page!.name } });
    expect(await client.setProfile(call, PROFILE)).toEqual({ ok: true, value: null });
    expect(await client.subscribe(call, ['messages', 'standby'])).toEqual({ ok: true, value: null });
    expect(sandbox.sandbox.state().pages[0]!.subscribed_fields).toEqual(['messages', 'standby']);
    expect(await client.unsubscribe(call)).toEqual({ ok: true, value: null });
    expect(sandbox.sandbox.state().pages[0]!.subscribed_fields).toEqual([]);
  });

  it('hears the code of a wrong token, of a token of another Page and of a wrong signature', async () => {
    const [first, second] = sandbox.sandbox.pages;
    const refusalOf = async (token: string) => client.identify({ metaPageId: first!.id, token });
    expect(await refusalOf('EAAnobody12345')).toMatchObject({ ok: false, status: 401, code: 190 });
    expect(await refusalOf(second!.token)).toMatchObject({ ok: false, code: 100, subcode: 33 });
    const forged = createGraphClient({ baseUrl: sandbox.graphUrl, version: 'v25.0', appSecret: 'another secret' });
    expect(await forged.identify({ metaPageId: first!.id, token: first!.token })).toMatchObject({
      ok: false,
      code: 100,
    });
    forged.close();
  });
});

const urlOf = (server: http.Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** A byte every few milliseconds: never idle, never done. */
function drip(res: http.ServerResponse): void {
  res.writeHead(200);
  const timer = setInterval(() => res.write(' '), 20);
  res.on('close', () => clearInterval(timer));
}
