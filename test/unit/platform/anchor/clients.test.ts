import type { ServerResponse } from 'node:http';
import { timestampClient, witnessClient } from '../../../../src/platform/anchor/clients';
import { serveOnce, type TestServer } from '../../../support/test-tsa';

const QUERY = Buffer.from('a query');
const REPLY = { 'content-type': 'application/timestamp-reply' };
let server: TestServer;
let requests: object[];
let respond: (res: ServerResponse) => void;

beforeEach(async () => {
  requests = [];
  server = await serveOnce((_body, res) => {
    const { method, url, headers } = res.req;
    requests.push({ method, url, type: headers['content-type'] });
    respond(res);
  });
});
afterEach(() => server.close());

const timestamp = (timeoutMs?: number) => timestampClient(`${server.url}tsr`, timeoutMs)(QUERY);

it('asks an authority in the form of RFC 3161, and takes its answer as it is', async () => {
  respond = (res) => res.writeHead(200, REPLY).end('an answer');
  expect(await timestamp()).toEqual(Buffer.from('an answer'));
  expect(requests).toEqual([{ method: 'POST', url: '/tsr', type: 'application/timestamp-query' }]);
  expect(server.seen).toEqual([QUERY]);
  respond = (res) => res.writeHead(200, { 'content-type': 'application/timestamp-reply; x=y' }).end('an answer');
  expect(await timestamp()).toEqual(Buffer.from('an answer'));
});

it.each<[string, (res: ServerResponse) => unknown]>([
  ['another status', (res) => res.writeHead(500, REPLY).end('an answer')],
  ['another type', (res) => res.writeHead(200, { 'content-type': 'text/html' }).end('an answer')],
  ['no type', (res) => res.writeHead(200).end('an answer')],
  ['another address', (res) => res.writeHead(307, { ...REPLY, location: '/elsewhere' }).end()],
  ['more than 64 KiB', (res) => res.writeHead(200, REPLY).end(Buffer.alloc(64 * 1024 + 1))],
  ['half an answer', (res) => res.writeHead(200, { ...REPLY, 'content-length': '100' }).end('half')],
  ['a closed door', (res) => res.destroy()],
])('takes %s for no answer', async (_name, answer) => {
  respond = (res) => void answer(res);
  expect(await timestamp()).toBeNull();
  expect(requests).toHaveLength(1);
});

it('takes 64 KiB', async () => {
  respond = (res) => res.writeHead(200, REPLY).end(Buffer.alloc(64 * 1024));
  expect(await timestamp()).toHaveLength(64 * 1024);
});

it('waits neither for an answer that does not come nor for one that does not end', async () => {
  respond = () => undefined;
  expect(await timestamp(100)).toBeNull();
  respond = (res) => void res.writeHead(200, REPLY).write('half');
  expect(await timestamp(100)).toBeNull();
  expect(await witnessClient(server.url, 100)('old 0\n')).toBeNull();
});

it('submits to a witness below its prefix, and passes on what it says', async () => {
  respond = (res) => res.writeHead(409, { 'content-type': 'text/x.tlog.size' }).end('7\n');
  for (const prefix of [`${server.url}a/b`, `${server.url}a/b/`]) {
    expect(await witnessClient(prefix)('old 0\n')).toEqual({ status: 409, text: '7\n' });
  }
  const request = { method: 'POST', url: '/a/b/add-checkpoint', type: 'text/plain; charset=utf-8' };
  expect(requests).toEqual([request, request]);
  expect(server.seen.map(String)).toEqual(['old 0\n', 'old 0\n']);
});

it('follows nobody to another address: it would carry the request past the operator who named the first', async () => {
  respond = (res) => {
    if (res.req.url === '/elsewhere') res.writeHead(200, REPLY).end('an answer');
    else res.writeHead(303, { location: '/elsewhere' }).end();
  };
  expect(await timestamp()).toBeNull();
  expect(await witnessClient(server.url)('old 0\n')).toBeNull();
  expect(requests).toHaveLength(2);
});
