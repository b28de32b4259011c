import { bindServer } from '../../../src/http/server';
import { until } from '../../support/until';

describe('bindServer', () => {
  it('takes a free port, says starting, then serves', async () => {
    const server = await bindServer('127.0.0.1', 0);
    const starting = await fetch(`${server.url}/v1/pages`);
    expect([starting.status, starting.headers.get('retry-after')]).toEqual([503, '1']);
    expect(starting.headers.get('content-type')).toContain('application/problem+json');
    expect(await starting.json()).toMatchObject({
      type: '/docs#problem-starting',
      request_id: starting.headers.get('x-request-id'),
    });
    server.serve((_req, res) => res.end('here'));
    expect(await (await fetch(server.url)).text()).toBe('here');
    await server.close();
    await expect(fetch(server.url)).rejects.toThrow();
  });

  it('says in one sentence that the port is in use', async () => {
    const first = await bindServer('127.0.0.1', 0);
    const port = Number(new URL(first.url).port);
    await expect(bindServer('127.0.0.1', port)).rejects.toMatchObject({
      code: 'port_in_use',
      message: `port ${String(port)} on 127.0.0.1 is in use; set HTTP_PORT to another one`,
    });
    await first.close();
    await (await bindServer('127.0.0.1', port)).close();
  });

  it('says in one sentence that the address is not ours', async () => {
    await expect(bindServer('192.0.2.1', 0)).rejects.toMatchObject({
      code: 'address_unavailable',
      message: 'this machine has no address 192.0.2.1; check HTTP_HOST',
    });
  });

  it('lets an open request end before it closes', async () => {
    const server = await bindServer('127.0.0.1', 0);
    let finish: (() => void) | undefined;
    server.serve((_req, res) => {
      finish = () => res.end('finished');
    });
    const answer = fetch(server.url).then((response) => response.text());
    await until('the request', () => finish !== undefined);
    const closed = server.close();
    finish?.();
    expect(await answer).toBe('finished');
    await closed;
  });
});
