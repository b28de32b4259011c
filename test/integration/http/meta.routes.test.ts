import { createHmac } from 'node:crypto';
import { sealToken } from '../../../src/domain/pages/page-token';
import { APP_SECRET, OLD_APP_SECRET, openHttpWorld, type HttpAccount, type HttpWorld } from './http-world';

let world: HttpWorld;
let ann: HttpAccount;
beforeAll(async () => {
  world = await openHttpWorld();
  ann = await world.account('ann@example.com');
});
afterAll(() => world.close());

const USER = '99887766554433221';
const now = () => Math.floor(Date.now() / 1_000);
function signed(change: object = {}, secret = APP_SECRET): string {
  const fields = { algorithm: 'HMAC-SHA256', user_id: USER, issued_at: now(), ...change };
  const payload = Buffer.from(JSON.stringify(fields)).toString('base64url');
  return `${createHmac('sha256', secret).update(payload).digest('base64url')}.${payload}`;
}
const post = async (name: string, request: string | null) => {
  const body = new URLSearchParams(request === null ? {} : { signed_request: request });
  const answer = await fetch(`${world.url}/meta/${name}`, { method: 'POST', body });
  const text = await answer.text();
  return { status: answer.status, body: (text === '' ? null : JSON.parse(text)) as Record<string, string> | null };
};
const requests = () =>
  world.db.rows<{ code: string; kind: string; state: string }>('select code, kind, state from meta_request');

it('answers a request for deletion with a code and a page that says what was done, the same for the same request', async () => {
  const request = signed();
  const answers = await Promise.all([post('data-deletion', request), post('data-deletion', request)]);
  const { code, url } = { code: answers[0].body!['confirmation_code']!, url: answers[0].body!['url']! };
  expect(code).toMatch(/^[0-9a-f]{32}$/);
  for (const answer of answers) expect(answer).toEqual({ status: 200, body: { url, confirmation_code: code } });
  expect(await requests()).toEqual([{ code, kind: 'deletion', state: 'done' }]);
  const page = await fetch(`${world.url}${new URL(url).pathname}`);
  const text = await page.text();
  expect([page.status, text.includes(code), text.includes('Write DELETE')]).toEqual([200, true, true]);
  expect((await post('data-deletion', signed({ issued_at: now() - 60 }))).body!['confirmation_code']).not.toBe(code);
  expect((await post('data-deletion', signed({ user_id: '5' }, OLD_APP_SECRET))).status).toBe(200);
});

it.each([
  ['nothing', () => null, 400],
  ['nonsense', () => 'x', 400],
  ['the signature of somebody else', () => signed({}, 'not ours'), 403],
  ['an old one', () => signed({ issued_at: now() - 3 * 86_400 }), 403],
])('refuses %s, and keeps nothing of it', async (_name, request, status) => {
  const before = await requests();
  for (const name of ['data-deletion', 'deauthorize'])
    expect(await post(name, request())).toMatchObject({ status, body: { status } });
  expect(await requests()).toEqual(before);
});

it('stops a Page whose token died when somebody takes the app off, and no other', async () => {
  const [gone, alive] = [await world.connect(ann.api), await world.connect(ann.api)];
  const dead = sealToken(world.keyRing, gone.id, 'a token that Meta took back');
  await world.db.run('update page set token_ct = $2 where public_id = $1', [gone.id, dead]);
  expect(await post('deauthorize', signed({ user_id: '7' }))).toEqual({ status: 200, body: null });
  const stateOf = async (id: string) => (await ann.api.expect(200, 'GET', `/v1/pages/${id}`))['state'];
  expect(await stateOf(gone.id)).toBe('active');
  const sweep = world.useCases.anchoring.find(({ name }) => name === 'recheck-tokens')!;
  expect(await sweep.run()).toBe(1);
  expect([await stateOf(gone.id), await stateOf(alive.id)]).toEqual(['stopped', 'active']);
  expect(await sweep.run()).toBe(0);
});

it('forgets a request after a year, and leaves nothing of who asked anywhere', async () => {
  world.forward(366 * 86_400_000);
  const expire = world.useCases.housekeeping.find(({ name }) => name === 'expire-meta-requests')!;
  await expire.run();
  expect(await requests()).toEqual([]);
  expect(world.logged.join('\n')).not.toContain(USER);
});
