import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import express from 'express';
import { z } from 'zod';
import { publicRoute } from '../../../src/http/route';
import { makeRouter, type RouterDeps } from '../../../src/http/router';
import { randomIds } from '../../../src/kernel/ids';

async function* parts(isWhole: boolean, ends: string[]): AsyncGenerator<Buffer> {
  try {
    yield Buffer.alloc(100_000);
    await new Promise((resolve) => setImmediate(resolve));
    if (!isWhole) throw new Error('the source broke');
    yield Buffer.alloc(1);
  } finally {
    ends.push('ended');
  }
}

async function openStream(isWhole: boolean) {
  const ends: string[] = [];
  const route = publicRoute({
    method: 'get',
    path: '/stream',
    tag: 'test',
    scope: null,
    summary: 'A stream',
    replies: { 200: { description: 'Bytes', schema: z.string(), contentType: 'application/zip' } },
    handle: () =>
      Promise.resolve({ status: 200, contentType: 'application/zip', stream: Readable.from(parts(isWhole, ends)) }),
  });
  const deps = { authenticate: () => Promise.resolve(null), idempotency: { ids: randomIds } } as unknown as RouterDeps;
  const ignore: express.ErrorRequestHandler = (_error, _req, res, _next) => {
    res.destroy();
  };
  const server = createServer(express().use(makeRouter([route], deps), ignore)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/stream`;
  return { url, ends, close: () => server.close() };
}

describe('a reply that is a stream', () => {
  it('arrives whole', async () => {
    const { url, ends, close } = await openStream(true);
    const answer = await fetch(url);
    expect((await answer.arrayBuffer()).byteLength).toBe(100_001);
    expect(ends).toEqual(['ended']);
    close();
  });

  it('never ends well when its source broke', async () => {
    const { url, ends, close } = await openStream(false);
    const answer = await fetch(url);
    expect(answer.status).toBe(200);
    await expect(answer.arrayBuffer()).rejects.toThrow();
    expect(ends).toEqual(['ended']);
    close();
  });

  it('is not read for a question about its head', async () => {
    const { url, ends, close } = await openStream(true);
    const answer = await fetch(url, { method: 'HEAD' });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/zip']);
    expect(ends).toEqual([]);
    close();
  });
});
