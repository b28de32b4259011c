import http from 'node:http';
import { Rig } from './sandbox-harness';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open();
});
afterAll(() => rig.close());

/** fetch() sets Host and Origin itself; a plain request lets a test lie about them. */
function ask(method: string, path: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const body = '{"kind":"message","person":"ann"}';
    const request = http.request(`${rig.server.url}${path}`, { method, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on('error', reject);
    request.end(method === 'POST' ? body : undefined);
  });
}

describe('the sandbox in a browser', () => {
  it.each([['/events'], ['/faults'], ['/phone/act'], ['/phone/choose']])(
    'refuses a POST to %s from another origin',
    async (path) => {
      expect(await ask('POST', path, { origin: 'https://evil.example' })).toBe(403);
      expect(await ask('POST', path, { origin: 'null' })).toBe(403);
      expect(await ask('POST', path, { 'sec-fetch-site': 'cross-site' })).toBe(403);
    },
  );

  it('takes a POST of its own origin and of no browser', async () => {
    const before = rig.server.sandbox.state().totals.people;
    const origin = new URL(rig.server.url).origin;
    expect(await ask('POST', '/events', { origin, 'sec-fetch-site': 'same-origin' })).toBe(200);
    expect(await ask('POST', '/events', {})).toBe(200);
    expect(rig.server.sandbox.state().totals.people).toBe(before + 1);
  });

  it.each([['/state'], ['/phone'], ['/faults']])('refuses %s under a name that is not loopback', async (path) => {
    expect(await ask('GET', path, { host: 'rebound.example' })).toBe(403);
    expect(await ask('GET', path, { host: '127.0.0.1.evil.example' })).toBe(403);
    expect(await ask('GET', path, { host: 'localhost:3000' })).toBe(200);
  });

  it.each([['/state'], ['/phone'], ['/faults']])('refuses %s through a reverse proxy', async (path) => {
    expect(await ask('GET', path, { 'x-forwarded-for': '203.0.113.9' })).toBe(403);
    expect(await ask('GET', path, { forwarded: 'for=203.0.113.9' })).toBe(403);
  });
});
