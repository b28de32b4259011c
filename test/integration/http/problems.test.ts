import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import type { Route } from '../../../src/http/route';
import { problemSchema } from '../../../src/http/problem';
import { openHttpWorld, type HttpAccount, type HttpWorld } from './http-world';

let world: HttpWorld;
let ann: HttpAccount;

beforeAll(async () => {
  world = await openHttpWorld();
  ann = await world.account('ann@example.com');
});
afterAll(() => world.close());

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
}

/** Without the niceties of fetch: any method, any header, any path as it is. */
function ask(method: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(world.url);
    // Node gives the body of a DELETE no length by itself.
    const length =
      body === undefined || 'transfer-encoding' in headers ? {} : { 'content-length': Buffer.byteLength(body) };
    const call = request({ hostname, port, method, path, headers: { ...length, ...headers } }, (res) => {
      const parts: Buffer[] = [];
      res.on('data', (bytes: Buffer) => parts.push(bytes));
      res.on('end', () => {
        resolve({ status: res.statusCode ?? 0, headers: res.headers, text: Buffer.concat(parts).toString() });
      });
    });
    call.on('error', reject);
    call.end(body);
  });
}

const bearer = () => ({ authorization: `Bearer ${ann.key}` });
const JSON_TYPE = { 'content-type': 'application/json' };
const at = (route: Route): string =>
  route.path.replace('{tile}', '0/000').replaceAll(/\{\w+\}/g, '9b2d4c1e-0d3f-4a55-8f3c-2b1a0c9d8e7f');

const BAD_LIMITS = {
  abc: 'must be a whole number',
  '1.5': 'must be a whole number',
  0: 'must be at least 1',
  201: 'must be at most 200',
};

/** RFC 9457, with the id of the request, and documented for the route. */
function expectProblem(answer: Answer, status: number, code: string, route?: Route): Record<string, unknown> {
  const name = route === undefined ? '' : `${route.method} ${route.path}`;
  expect([name, answer.status]).toEqual([name, status]);
  expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  const body = JSON.parse(answer.text) as Record<string, unknown>;
  expect(problemSchema.strict().parse(body)).toEqual(body);
  expect(body).toMatchObject({ type: `/docs#problem-${code}`, status, request_id: answer.headers['x-request-id'] });
  if (route !== undefined) {
    const documented = world.document.paths?.[route.path]?.[route.method]?.responses?.[String(status)] as
      { content?: Record<string, unknown> } | undefined;
    expect([name, Object.keys(documented?.content ?? {})]).toEqual([name, ['application/problem+json']]);
  }
  return body;
}

describe('every route', () => {
  it('refuses without a key, with an unknown key, and with a key in the address', async () => {
    expect(world.routes.length).toBeGreaterThan(20);
    for (const route of world.routes) {
      const method = route.method.toUpperCase();
      const answer = await ask(method, at(route));
      expectProblem(answer, 401, 'unauthenticated', route);
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="assent"');
      expectProblem(await ask(method, at(route), { authorization: `Bearer ${ann.key}x` }), 401, 'unauthenticated');
      expectProblem(await ask(method, `${at(route)}?access_token=${ann.key}`), 401, 'unauthenticated');
    }
  });

  it('refuses a key without its scope, before it looks at the body', async () => {
    for (const route of world.routes) {
      const others = (['pages:read', 'leads:read', 'erase'] as const).filter((scope) => scope !== route.scope);
      const { key } = await world.useCases.apiKeys.create({ accountId: ann.id, scopes: others });
      const headers = { authorization: `Bearer ${key}`, ...JSON_TYPE };
      const body = route.body === undefined ? undefined : 'not json';
      const answer = await ask(route.method.toUpperCase(), at(route), headers, body);
      expectProblem(answer, 403, 'scope_missing', route);
      expect(answer.headers['www-authenticate']).toContain(`scope="${String(route.scope)}"`);
    }
  });

  it('refuses a body with wrong, unknown or missing fields, naming each', async () => {
    const withBody = world.routes.filter((route) => route.body !== undefined);
    expect(withBody.length).toBeGreaterThan(9);
    for (const route of withBody) {
      const ask_ = (body: string, type = JSON_TYPE) =>
        ask(route.method.toUpperCase(), at(route), { ...bearer(), ...type }, body);
      const example = { ...(route.bodyExample as object), surprise: 'a value that is not repeated' };
      const unknown = await ask_(JSON.stringify(example));
      const problem = expectProblem(unknown, 422, 'validation_failed', route);
      expect(problem['errors']).toEqual([{ pointer: '/surprise', detail: 'is not a known field' }]);
      expect(unknown.text).not.toContain('not repeated');
      expectProblem(await ask_('[1]'), 422, 'validation_failed', route);
      expectProblem(await ask_('{"half":'), 400, 'malformed_body', route);
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
        const refused = await ask_('name=a%20shop', { 'content-type': type });
        const { detail } = expectProblem(refused, 415, 'unsupported_media_type', route);
        expect(detail).toContain('application/json');
      }
      for (const value of ['null', '"a"', '7', 'true', ' null\n']) {
        const { errors } = expectProblem(await ask_(value), 422, 'validation_failed', route);
        expect(errors).toEqual([{ pointer: '', detail: 'must be a JSON object' }]);
      }
      expectProblem(await ask_(`{"a":"${'x'.repeat(1024 * 1024)}"}`), 413, 'body_too_large', route);
    }
  });

  it('refuses an id that cannot be one, and an unknown query parameter', async () => {
    for (const route of world.routes.filter(({ params }) => params !== undefined)) {
      const path = route.path.replaceAll(/\{\w+\}/g, 'not-an-id');
      const answer = await ask(
        route.method.toUpperCase(),
        path,
        { ...bearer(), ...JSON_TYPE },
        route.bodyExample === undefined ? undefined : JSON.stringify(route.bodyExample),
      );
      const { errors } = expectProblem(answer, 422, 'validation_failed', route) as {
        errors?: readonly { pointer: string }[];
      };
      expect(errors?.map(({ pointer }) => `{${pointer}}`)).toEqual(route.path.match(/\{\w+\}/g));
    }
    for (const route of world.routes.filter(({ query }) => query !== undefined)) {
      const answer = await ask('GET', `${at(route)}?limit=201&order=name`, bearer());
      const { errors } = expectProblem(answer, 422, 'validation_failed', route) as {
        errors: readonly { pointer: string }[];
      };
      expect(errors.map(({ pointer }) => pointer)).toContain('order');
      if (/^\/v1\/proofs$/.test(route.path))
        expect(errors.map(({ pointer }) => pointer)).toEqual(expect.arrayContaining(['from', 'to']));
      else expect(errors.map(({ pointer }) => pointer).sort()).toEqual(['limit', 'order']);
    }
  });

  it.each(Object.entries(BAD_LIMITS))('says what is wrong with a limit of %s', async (limit, detail) => {
    const refused = expectProblem(await ask('GET', `/v1/leads?limit=${limit}`, bearer()), 422, 'validation_failed');
    expect(refused['errors']).toEqual([{ pointer: 'limit', detail }]);
  });

  it('refuses a cursor that it did not give', async () => {
    for (const route of world.routes.filter(({ query }) => query !== undefined)) {
      const answer = await ask('GET', `${at(route)}?cursor=%00${randomUUID()}`, bearer());
      expect([route.path, answer.status]).toEqual([route.path, 422]);
    }
  });

  it('answers 404 for what the account does not have', async () => {
    const routes = world.routes.filter(({ params }) => params !== undefined);
    expect(routes.length).toBeGreaterThan(15);
    for (const route of routes) {
      const body = route.bodyExample === undefined ? undefined : JSON.stringify(route.bodyExample);
      const answer = await ask(route.method.toUpperCase(), at(route), { ...bearer(), ...JSON_TYPE }, body);
      expect([route.path, answer.status]).toEqual([route.path, 404]);
      expect(JSON.parse(answer.text)).toMatchObject({ status: 404 });
    }
  });

  it('answers in the media types of its document, and does nothing for others', async () => {
    for (const route of world.routes.filter(
      ({ replies }) => replies[204] === undefined || replies[200] !== undefined,
    )) {
      const answer = await ask(route.method.toUpperCase(), at(route), { ...bearer(), accept: 'application/xml' });
      expectProblem(answer, 406, 'not_acceptable', route);
    }
  });

  it('names the methods of its address for every other', async () => {
    const paths = [...new Set(world.routes.map(({ path }) => path)), '/healthz', '/webhook', '/docs', '/n/{token}'];
    for (const path of paths) {
      const target = path.replaceAll(/\{\w+\}/g, randomUUID());
      const refused = await ask('TRACE', target, bearer());
      const { allow } = refused.headers;
      expectProblem(refused, 405, 'method_not_allowed');
      const options = await ask('OPTIONS', target);
      expect([options.status, options.headers['allow'], options.text]).toEqual([204, allow, '']);
      expect(options.headers['access-control-allow-origin']).toBeUndefined();
      const own = world.routes.filter((route) => route.path === path).map(({ method }) => method.toUpperCase());
      expect(String(allow).split(', ')).toEqual(expect.arrayContaining(own));
    }
  });
});

describe('addresses', () => {
  it.each([
    ['GET', '/v1/leads/lookup', 'POST, OPTIONS'],
    ['DELETE', '/v1/leads/tags', 'POST, OPTIONS'],
    ['PATCH', '/v1/pages', 'GET, POST, HEAD, OPTIONS'],
  ])('%s %s is 405 and not an id', async (method, path, allow) => {
    const answer = await ask(method, path, bearer());
    expectProblem(answer, 405, 'method_not_allowed');
    expect(answer.headers['allow']).toBe(allow);
  });

  it.each(['/nowhere', '/v1/pages/', '/V1/pages', '/v1/pages/%E0%A4%A', '/v1/pages/a%2Fb/c', '/__proto__'])(
    '%s is 404 or 422, and no fault of ours',
    async (path) => {
      const answer = await ask('GET', path, bearer());
      expect([404, 422]).toContain(answer.status);
      expect(answer.headers['content-type']).toContain('application/problem+json');
      expect(answer.text).not.toContain('%E0');
    },
  );

  it('answers HEAD like GET without the body', async () => {
    for (const path of ['/healthz', '/docs', '/v1/openapi.json']) {
      const [head, get] = [await ask('HEAD', path), await ask('GET', path)];
      expect([head.status, head.text, head.headers['content-type']]).toEqual([200, '', get.headers['content-type']]);
    }
    const list = await ask('HEAD', '/v1/pages', bearer());
    expect([list.status, list.text]).toEqual([200, '']);
  });
});

describe('every answer', () => {
  it('carries the id of its request: the caller’s own, when it is fit', async () => {
    const own = await ask('GET', '/healthz', { 'x-request-id': 'order-2026-11-23' });
    expect(own.headers['x-request-id']).toBe('order-2026-11-23');
    for (const unfit of ['short', 'x'.repeat(65), 'with space in it', '<script>alert(1)</script>']) {
      const answer = await ask('GET', '/healthz', { 'x-request-id': unfit });
      expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it('tells browsers to load nothing from elsewhere and caches to keep nothing', async () => {
    const answer = await ask('GET', '/v1/pages', bearer());
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['x-powered-by']).toBeUndefined();
    expect(answer.headers['etag']).toBeUndefined();
  });
});

describe('a fault of ours', () => {
  const CANARY = '6230000000000777';

  it('says nothing of its cause to the caller, and nothing personal to the log', async () => {
    await world.db.run('alter table api_key rename to api_key_away');
    const headers = { ...bearer(), ...JSON_TYPE, 'x-request-id': CANARY };
    const body = JSON.stringify({ page_id: '104857600000001', psid: CANARY });
    const answer = await ask('POST', '/v1/leads/lookup', headers, body);
    await world.db.run('alter table api_key_away rename to api_key');
    expectProblem(answer, 500, 'internal_error');
    expect(answer.headers['x-request-id']).toBe(CANARY);
    expect(answer.text).not.toMatch(/api_key|relation|42P01/);
    const lines = world.logged.filter((line) => line.includes('http.request_failed'));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.at(-1)).toContain('"code":"database_error","sql_state":"42P01"');
    expect(world.logged.join('\n')).not.toContain(CANARY);
    expect(world.logged.join('\n')).not.toContain(ann.key);
  });
});
