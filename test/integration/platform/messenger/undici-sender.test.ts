import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SendCall } from '../../../../src/domain/delivery/sender-port.types';
import { systemClock } from '../../../../src/kernel/clock';
import { createUndiciSender, type UndiciSender } from '../../../../src/platform/messenger/undici-sender';
import { startSandboxServer } from '../../../../src/sandbox';
import { until } from '../../../support/until';

type Answer = (req: http.IncomingMessage, res: http.ServerResponse, bodyText: string) => void;

interface Graph {
  readonly url: string;
  readonly bodies: string[];
  readonly requests: http.IncomingMessage[];
  connections: number;
  answer: Answer;
  readonly close: () => Promise<void>;
}

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const accept: Answer = (_req, res) => {
  res.setHeader('content-type', 'application/json').end('{"recipient_id":"1","message_id":"m_1"}');
};

async function startGraph(answer: Answer = accept): Promise<Graph> {
  const server = http.createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('error', () => undefined);
    req.on('end', () => {
      graph.requests.push(req);
      graph.bodies.push(Buffer.concat(chunks).toString());
      graph.answer(req, res, graph.bodies.at(-1)!);
    });
  });
  const graph: Graph = {
    url: '',
    bodies: [],
    requests: [],
    connections: 0,
    answer,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  server.on('connection', () => (graph.connections += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(graph.close);
  return Object.assign(graph, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graph` });
}

function senderTo(
  baseUrl: string,
  options: { timeoutMs?: number; connections?: number; appSecret?: string } = {},
): UndiciSender {
  const sender = createUndiciSender({ baseUrl, version: 'v25.0', appSecret: null, ...options });
  closers.push(() => sender.close());
  return sender;
}

const call = (changes: Partial<SendCall> = {}): SendCall => ({
  metaPageId: '4242',
  token: 'the-token',
  bodyText: '{"text":"grüße"}',
  mayStart: () => true,
  ...changes,
});

it('posts the body as it is, with the token in a header and the proof beside it', async () => {
  const graph = await startGraph();
  const outcome = await senderTo(graph.url, { appSecret: 'secret' }).send(call({ token: 'EAABtoken' }));
  expect(outcome).toEqual({ kind: 'accepted', messageId: 'm_1', recipientId: '1' });
  const [request] = graph.requests;
  expect(request).toMatchObject({
    method: 'POST',
    url: '/graph/v25.0/4242/messages?appsecret_proof=663fcf78ee5e5e260e57da40968be567628839f3be32ed6c31bffecb15c596b3',
  });
  expect(request!.headers).toMatchObject({ authorization: 'Bearer EAABtoken', 'content-type': 'application/json' });
  expect(graph.bodies).toEqual(['{"text":"grüße"}']);
});

it('keeps its connections', async () => {
  const graph = await startGraph();
  const sender = senderTo(graph.url);
  for (let n = 0; n < 5; n += 1) await sender.send(call());
  expect(graph.bodies).toHaveLength(5);
  expect(graph.connections).toBeLessThanOrEqual(2);
});

it('says not sent when nobody listens', async () => {
  const closed = await startGraph();
  const { url } = closed;
  await closed.close();
  let asked = 0;
  const outcome = await senderTo(url).send(call({ mayStart: () => (asked += 1) > 0 }));
  expect(outcome).toEqual({ kind: 'not-sent', cause: 'ECONNREFUSED' });
  expect(asked).toBe(0);
});

it.each<[string, Answer, string]>([
  ['the connection ends after the request was read', (req) => void req.socket.destroy(), 'lost'],
  [
    'the answer breaks off',
    (_req, res) => {
      res.writeHead(200, { 'content-length': '100' });
      res.write('{"mess', () => void res.destroy());
    },
    'lost',
  ],
  ['the answer is no JSON', (_req, res) => void res.end('<html>'), 'unreadable_answer'],
  ['a machine in between failed', (_req, res) => void res.writeHead(502).end('<html>bad gateway'), 'server_error'],
  ['the answer names no message', (_req, res) => void res.end('{"recipient_id":"1"}'), 'no_message_id'],
])('says uncertain, and sends nothing again, when %s', async (_what, answer, cause) => {
  const graph = await startGraph(answer);
  expect(await senderTo(graph.url).send(call())).toEqual({ kind: 'uncertain', cause });
  expect(graph.bodies).toHaveLength(1);
});

it('says uncertain when no answer comes in time, also when it comes in drops', async () => {
  const graph = await startGraph((_req, res) => {
    res.writeHead(200);
    const drip = setInterval(() => res.write(' '), 20);
    res.on('close', () => clearInterval(drip));
  });
  const startedMs = performance.now();
  expect(await senderTo(graph.url, { timeoutMs: 150 }).send(call())).toEqual({ kind: 'uncertain', cause: 'lost' });
  expect(performance.now() - startedMs).toBeLessThan(5_000);
  expect(graph.bodies).toHaveLength(1);
});

it('sends nothing when the moment has passed, and keeps the connection for the next', async () => {
  const graph = await startGraph();
  const sender = senderTo(graph.url, { connections: 1 });
  expect(await sender.send(call({ mayStart: () => false }))).toEqual({ kind: 'not-sent', cause: 'TOO_LATE' });
  expect(await sender.send(call({ mayStart: () => false }))).toEqual({ kind: 'not-sent', cause: 'TOO_LATE' });
  expect(graph.bodies).toHaveLength(0);
  expect((await sender.send(call())).kind).toBe('accepted');
  expect(graph.bodies).toHaveLength(1);
  expect(graph.connections).toBe(1);
});

it('asks in the moment of the write, when a busy pool let the call wait', async () => {
  const held: (() => void)[] = [];
  const graph = await startGraph((req, res, body) => void held.push(() => accept(req, res, body)));
  const sender = senderTo(graph.url, { connections: 1 });
  const first = sender.send(call());
  await until('the first call is there', () => graph.bodies.length === 1);
  let isLate = false;
  let asked = 0;
  const second = sender.send(call({ mayStart: () => ((asked += 1), !isLate) }));
  expect(asked).toBe(0);
  isLate = true;
  held[0]!();
  expect((await first).kind).toBe('accepted');
  expect(await second).toEqual({ kind: 'not-sent', cause: 'TOO_LATE' });
  expect([asked, graph.bodies.length]).toEqual([1, 1]);
});

it('loses nothing when the server closes an idle connection', async () => {
  const graph = await startGraph((req, res, body) => {
    accept(req, res, body);
    res.on('finish', () => req.socket.end());
  });
  const sender = senderTo(graph.url, { connections: 1 });
  for (let n = 0; n < 5; n += 1) {
    expect((await sender.send(call())).kind).toBe('accepted');
    const open = () =>
      new Promise<number>((resolve) =>
        setImmediate(() => resolve(graph.requests.filter((r) => !r.socket.destroyed).length)),
      );
    await until('the connection is closed', async () => (await open()) === 0);
  }
  expect(graph.bodies).toHaveLength(5);
});

it('is understood by the sandbox', async () => {
  const server = await startSandboxServer({
    appId: '1',
    appSecret: 'an app secret',
    verifyToken: 'v',
    webhookUrl: 'http://127.0.0.1:1/webhook',
    seed: Buffer.alloc(32, 5),
    clock: systemClock,
    acceptUnknownRecipients: true,
  });
  closers.push(() => server.close());
  const [page] = server.sandbox.pages;
  const sender = senderTo(server.graphUrl, { appSecret: 'an app secret' });
  const body = (psid: string) =>
    JSON.stringify({ recipient: { id: psid }, messaging_type: 'UPDATE', message: { text: 'Hello', metadata: 'm' } });
  const send = (token: string) =>
    sender.send({ ...call(), metaPageId: page!.id, token, bodyText: body('2400000000000001') });
  expect(await send(page!.token)).toMatchObject({ kind: 'accepted', recipientId: '2400000000000001' });
  expect(await send('wrong')).toMatchObject({ kind: 'page-stopped', errorClass: 'page-token', code: 190 });
  expect(server.sandbox.state().totals.received).toBe(1);
});
