import { until } from '../../support/until';
import { openHttpWorld, type HttpAccount, type HttpWorld } from './http-world';

let world: HttpWorld;
let ann: HttpAccount;
let pageId: string;

beforeAll(async () => {
  world = await openHttpWorld();
  ann = await world.account('ann@example.com');
  ({ pageId } = await world.connect(ann.api));
  await world.lead(ann.api, pageId, '6230000000000001');
});
afterAll(() => world.close());

const launched = async (): Promise<string> => {
  const body = { name: 'Opening', page_ids: [pageId], message: { text: 'Hello' }, launch: true };
  const { id } = await ann.api.expect<{ id: string }>(201, 'POST', '/v1/broadcasts', body);
  return id;
};

interface Watching {
  readonly response: Response;
  text(): string;
  readonly ended: Promise<void>;
  hangUp(): void;
}

async function watch(id: string, headers: Record<string, string> = {}): Promise<Watching> {
  const caller = new AbortController();
  const response = await fetch(`${world.url}/v1/broadcasts/${id}/events`, {
    headers: { authorization: `Bearer ${ann.key}`, accept: 'text/event-stream', ...headers },
    signal: caller.signal,
  });
  let text = '';
  const decoder = new TextDecoder();
  const ended = (async () => {
    for await (const bytes of response.body ?? []) text += decoder.decode(bytes as Uint8Array, { stream: true });
  })().catch(() => undefined);
  return { response, text: () => text, ended, hangUp: () => caller.abort() };
}

const events = (text: string) =>
  [...text.matchAll(/event: progress\nid: (\w+)\ndata: (.+)\n\n/g)].map(([, id, shown]) => {
    const { status, stats } = JSON.parse(shown ?? '') as { status: string; stats: Record<string, number> };
    return { id, status, pending: stats['pending'] };
  });

describe('the progress of a broadcast', () => {
  it('is told at once, at every change, and ends with the broadcast', async () => {
    const id = await launched();
    const watching = await watch(id);
    expect(watching.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(watching.response.headers.get('cache-control')).toBe('no-store');
    await until('the first event', () => events(watching.text()).length === 1);
    await world.useCases.work.freezeAudience(id);
    await until('the second event', () => events(watching.text()).length === 2);
    await ann.api.expect(202, 'POST', `/v1/broadcasts/${id}/cancel`);
    await watching.ended;
    expect(events(watching.text())).toEqual([
      { id: 'preparing', status: 'preparing', pending: 0 },
      { id: 'sending', status: 'sending', pending: 1 },
      { id: 'cancelled', status: 'cancelled', pending: 0 },
    ]);
  });

  it('of a broadcast that is over is one event, and 204 for who has seen it', async () => {
    const id = await launched();
    await ann.api.expect(202, 'POST', `/v1/broadcasts/${id}/cancel`);
    const watching = await watch(id);
    await watching.ended;
    expect(events(watching.text()).map(({ status }) => status)).toEqual(['cancelled']);
    expect((await watch(id, { 'last-event-id': 'sending' })).response.status).toBe(200);
    expect((await watch(id, { 'last-event-id': 'cancelled' })).response.status).toBe(204);
  });

  it('stops looking when the caller hangs up', async () => {
    const id = await launched();
    const watching = await watch(id);
    await until('the first event', () => events(watching.text()).length === 1);
    const looks = async () =>
      Number(
        /assent_http_request_seconds_count\{route="\/v1\/broadcasts\/\{id\}\/events",method="GET",status="200"\} (\d+)/.exec(
          await (await fetch(`${world.url}/metrics`)).text(),
        )?.[1] ?? 0,
      );
    const before = await looks();
    watching.hangUp();
    await until('the request to be over', async () => (await looks()) === before + 1);
    expect(world.logged.filter((line) => line.includes('request_failed'))).toEqual([]);
  });

  it('answers HEAD and does not hang', async () => {
    const id = await launched();
    const headers = { authorization: `Bearer ${ann.key}` };
    const answer = await fetch(`${world.url}/v1/broadcasts/${id}/events`, { method: 'HEAD', headers });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
  });
});

describe('a key and its streams', () => {
  it('lose each other when the key is revoked', async () => {
    const id = await launched();
    const made = await ann.api.expect<{ id: string; key: string }>(201, 'POST', '/v1/api-keys', {
      scopes: ['broadcasts:read'],
    });
    const watching = await watch(id, { authorization: `Bearer ${made.key}` });
    await until('the first event', () => events(watching.text()).length === 1);
    await ann.api.call('DELETE', `/v1/api-keys/${made.id}`);
    await watching.ended;
    expect(events(watching.text())).toHaveLength(1);
    await ann.api.expect(200, 'GET', `/v1/broadcasts/${id}`);
  });

  it('are ten at once, and another can open when one has ended', async () => {
    const id = await launched();
    const streams = await Promise.all(Array.from({ length: 10 }, () => watch(id)));
    expect(streams.map(({ response }) => response.status)).toEqual(Array.from({ length: 10 }, () => 200));
    const refused = await watch(id);
    expect([refused.response.status, refused.response.headers.get('retry-after')]).toEqual([429, '5']);
    await refused.ended;
    expect(refused.text()).toContain('too_many_streams');
    streams[0]?.hangUp();
    await until('room for another', async () => {
      const next = await watch(id);
      if (next.response.status === 200) streams.push(next);
      return next.response.status === 200;
    });
    for (const stream of streams) stream.hangUp();
  });
});

describe('a stream that breaks in the middle', () => {
  it('is cut, so that half a list never looks whole, and is logged', async () => {
    const id = await launched();
    await world.useCases.work.freezeAudience(id);
    const watching = await watch(id);
    await until('the first event', () => events(watching.text()).length === 1);
    await world.db.run('alter table broadcast rename to broadcast_away');
    await watching.ended;
    await world.db.run('alter table broadcast_away rename to broadcast');
    await until('the log line', () => world.logged.some((line) => line.includes('"sql_state":"42P01"')));
  });
});
