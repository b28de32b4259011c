import http from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { systemClock } from '../../../src/kernel/clock';
import { createSandbox, startSandboxServer } from '../../../src/sandbox';
import { APP } from './sandbox-harness';

const options = {
  appId: APP.id,
  appSecret: APP.secret,
  verifyToken: APP.verifyToken,
  webhookUrl: 'http://127.0.0.1:1/webhook',
  seed: Buffer.from('seed'),
  clock: systemClock,
};

describe('createSandbox', () => {
  it.each([
    ['a parser before it', true],
    ['nothing before it', false],
  ])('mounts under an Express path with %s', async (_, parsed) => {
    const sandbox = createSandbox(options);
    const app = express();
    if (parsed) app.use(express.json());
    const server = http.createServer(app.use('/sandbox', sandbox.router));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sandbox`;
    const json = { 'content-type': 'application/json' };
    const page = sandbox.pages[0]!;
    const act = await fetch(`${base}/events`, {
      method: 'POST',
      headers: json,
      body: '{"kind":"message","person":"ann"}',
    });
    const { psid } = (await act.json()) as { psid: string };
    const sent = await fetch(`${base}/graph/v25.0/${page.id}/messages`, {
      method: 'POST',
      headers: { ...json, authorization: `Bearer ${page.token}` },
      body: JSON.stringify({ recipient: { id: psid }, messaging_type: 'UPDATE', message: { text: 'hello' } }),
    });
    expect(sent.status).toBe(200);
    expect(sandbox.state().people[0]!.received[0]!.message).toEqual({ text: 'hello' });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await sandbox.close();
  });

  it('takes JSON that is named a form, and says of a form in truth what it takes', async () => {
    const server = await startSandboxServer(options);
    const post = (body: string): Promise<Response> =>
      fetch(`${server.url}/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body,
      });
    try {
      const formed = await post('kind=get_started&person=ann');
      expect([formed.status, await formed.text()]).toEqual([415, expect.stringContaining('application/json')]);
      expect((await post('{"kind":"get_started","person":"ann"}')).status).toBe(200);
    } finally {
      await server.close();
    }
  });

  it('refuses an app id that could not stand in a webhook as a number', () => {
    expect(() => createSandbox({ ...options, appId: 'my-app' })).toThrow(
      expect.objectContaining({ code: 'sandbox-app-id' }) as Error,
    );
  });

  it('keeps receipts and contents within their bounds', async () => {
    const server = await startSandboxServer({
      ...options,
      acceptUnknownRecipients: true,
      maxReceipts: 20,
      maxFullMessages: 5,
      limits: { callsPerSecond: 0 },
    });
    const page = server.sandbox.pages[0]!;
    for (let n = 0; n < 60; n += 1) {
      await fetch(`${server.graphUrl}/${page.id}/messages`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${page.token}` },
        body: JSON.stringify({ recipient: { id: '1234567' }, messaging_type: 'UPDATE', message: { text: `n ${n}` } }),
      });
    }
    const person = server.sandbox.state().people[0]!;
    expect(person.received_count).toBe(60);
    expect(person.received.filter((receipt) => receipt.message !== null)).toHaveLength(5);
    const lines = await (await fetch(`${server.url}/state/receipts`)).text();
    const count = lines.trim().split('\n').length;
    expect(count).toBeGreaterThanOrEqual(20);
    expect(count).toBeLessThanOrEqual(38);
    await server.close();
  });
});
