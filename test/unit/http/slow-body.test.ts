import { createServer, request, type ClientRequest, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { allowSlowBody, limitBody } from '../../../src/http/slow-body';

async function serving(listener: RequestListener, work: (begin: () => ClientRequest) => Promise<void>): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  try {
    await work(() => request({ port, host: '127.0.0.1', method: 'POST', headers: { 'content-length': '2' } }));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const ended = (call: ClientRequest): Promise<string> =>
  new Promise((resolve) => {
    call.on('error', () => {
      resolve('cut');
    });
    call.on('response', (response) => {
      resolve(String(response.statusCode));
      response.resume();
    });
  });

it('cuts a request that does not arrive', async () => {
  await serving(
    (req) => {
      limitBody(req, 1);
    },
    async (begin) => {
      const call = begin();
      call.write('a');
      expect(await ended(call)).toBe('cut');
    },
  );
});

it('waits for an upload, and for an answer to what has arrived', async () => {
  for (const allow of [true, false]) {
    let arrived = (): void => undefined;
    const isHere = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    await serving(
      (req, res) => {
        limitBody(req, allow ? 1 : 60_000);
        if (allow) allowSlowBody(req);
        req.resume();
        arrived();
        req.on('end', () => res.end());
      },
      async (begin) => {
        const call = begin();
        call.write('a');
        await isHere;
        await new Promise((resolve) => setImmediate(resolve));
        call.end('b');
        expect(await ended(call)).toBe('200');
      },
    );
  }
});
