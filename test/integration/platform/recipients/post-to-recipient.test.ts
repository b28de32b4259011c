import http, { type RequestListener } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { text } from 'node:stream/consumers';
import { postToRecipient } from '../../../../src/platform/recipients';

let server: http.Server;
let port: number;
let answer: RequestListener;
let asked: number;
beforeEach(async () => {
  asked = 0;
  answer = (_req, res) => void res.writeHead(204).end();
  server = http.createServer((req, res) => {
    asked += 1;
    answer(req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterEach(() => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});

/** Names lead to these addresses. */
const leadingTo =
  (...addresses: readonly string[]): LookupFunction =>
  (_name, _options, callback) => {
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    (callback as (error: null, all: typeof found) => void)(null, found);
  };
const to = (endpoint: string) => ({ endpoint, headers: { 'assent-signature': 's' }, body: '{"id":"é"}' });
const here = (path = '/hook?a=b') => `http://127.0.0.1:${String(port)}${path}`;

it('posts body and headers, and counts every 2xx as taken', async () => {
  const got: unknown[] = [];
  answer = (req, res) => {
    void text(req).then((body) => {
      got.push([req.method, req.url, req.headers['assent-signature'], body]);
      res.writeHead(200).end('x'.repeat(1_000_000));
    });
  };
  expect(await postToRecipient({ onLoopback: true })(to(here()))).toEqual({ kind: 'taken' });
  expect(got).toEqual([['POST', '/hook?a=b', 's', '{"id":"é"}']]);
});

it.each([301, 307, 400, 404, 410, 500, 503])('counts %i as not taken, and follows nowhere', async (status) => {
  answer = (_req, res) => void res.writeHead(status, { location: here('/elsewhere') }).end();
  const outcome = await postToRecipient({ onLoopback: true })(to(here()));
  expect([outcome, asked]).toEqual([{ kind: 'failed', code: `status_${String(status)}` }, 1]);
});

it('calls nothing on this machine or in a private network, by address or by name, unless it is allowed', async () => {
  const post = postToRecipient({ onLoopback: false, lookup: leadingTo('127.0.0.1') });
  const refused = { kind: 'failed', code: 'address_refused' };
  const local = `https://localhost:${String(port)}/`;
  for (const endpoint of [
    here(),
    'http://8.8.8.8/',
    `https://127.0.0.1:${String(port)}/`,
    'https://169.254.169.254/',
    local,
  ])
    expect(await post(to(endpoint))).toEqual(refused);
  for (const address of ['10.0.0.1', '::1', 'fd00::1', '::ffff:127.0.0.1', '169.254.169.254'])
    expect(await postToRecipient({ onLoopback: false, lookup: leadingTo(address) })(to(local))).toEqual(refused);
  // One good address among them is not enough: it is the other one that may be connected to.
  const mixed = postToRecipient({ onLoopback: false, lookup: leadingTo('8.8.8.8', '127.0.0.1') });
  expect([await mixed(to(local)), asked]).toEqual([refused, 0]);
});

it('looks a name up once, so that it cannot lead elsewhere after it was checked', async () => {
  let looked = 0;
  const lookup: LookupFunction = (name, options, callback) => {
    looked += 1;
    leadingTo(looked === 1 ? '127.0.0.1' : '127.0.0.2')(name, options, callback);
  };
  const endpoint = `http://localhost:${String(port)}/`;
  expect(await postToRecipient({ onLoopback: true, lookup })(to(endpoint))).toEqual({ kind: 'taken' });
  expect(looked).toBe(1);
});

it('waits for no answer without end, and says of a closed port and an unknown name that nobody is there', async () => {
  answer = () => undefined;
  const post = postToRecipient({ onLoopback: true, timeoutMs: 200 });
  expect(await post(to(here()))).toEqual({ kind: 'failed', code: 'timeout' });
  expect(await post(to('http://127.0.0.1:1/'))).toEqual({ kind: 'failed', code: 'unreachable' });
  const unknown: LookupFunction = (_name, _options, callback) => {
    callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), []);
  };
  const nobody = postToRecipient({ onLoopback: true, lookup: unknown });
  expect(await nobody(to('http://localhost:1/'))).toEqual({ kind: 'failed', code: 'unreachable' });
});
