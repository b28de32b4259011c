import { createHmac } from 'node:crypto';
import { rmSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { openEmbeddedPostgres } from '../../src/platform/embedded';
import { apiOf } from '../support/api';
import { newDataDir } from '../support/data-dir';
import { runCli, startProgram, type Program } from '../support/program';
import { scanFiles } from '../support/scan';
import { connectPages, gatherLeads, type Stage } from './journey';

interface Told {
  readonly signature: string;
  readonly body: string;
}

describe('an erasure on the command line, beside a running program', () => {
  let dataDir: string;
  let program: Program;
  let recipient: http.Server;
  const told: Told[] = [];

  beforeAll(async () => {
    dataDir = newDataDir();
    recipient = http.createServer((req, res) => {
      void text(req).then((body) => {
        told.push({ signature: String(req.headers['assent-signature']), body });
        res.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => recipient.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    if (program.child.exitCode === null) await program.stop('SIGKILL');
    recipient.close();
    rmSync(dataDir, { recursive: true, force: true });
  }, 60_000);

  it('is carried out by the workers, told to the recipient once, and certified', async () => {
    const env = { DATA_DIR: dataDir, HTTP_PORT: '0', RECIPIENTS_ON_LOOPBACK: 'true' };
    program = startProgram('workers/all-in-one', env);
    await program.ready();
    const { json } = await runCli(env, 'account', 'create', '--email', 'you@example.com', '--name', 'Harbour Coffee');
    const { account, api_key: apiKey } = json as { account: { id: string }; api_key: { key: string } };
    const api = apiOf(program.url(), apiKey.key);
    const postgres = await openEmbeddedPostgres({ dataDir });
    const stage: Stage = { api, sandboxUrl: `${program.url()}/sandbox`, databaseUrl: postgres.url };
    const [page] = await connectPages(stage, [{ people: 2, ratePerSecond: 40 }]);
    await gatherLeads(stage, [page!]);
    await postgres.release();
    const { port } = recipient.address() as AddressInfo;
    const { secret } = await api.expect<{ secret: string }>(201, 'POST', '/v1/recipients', {
      name: 'Harbour Vouchers',
      purpose: 'Prints vouchers',
      country: 'DE',
      kind: 'integration',
      receives: 'everyone',
      endpoint: `http://127.0.0.1:${String(port)}/erased`,
    });
    const { data } = await api.expect<{ data: { id: string }[] }>(200, 'GET', '/v1/leads');
    const erased = await runCli(env, 'erase', account.id, data[0]!.id);
    expect(erased.json).toMatchObject({ state: 'complete', recipients: { notified: 1, pending: 0, failed: 0 } });
    expect((erased.json as { certificate: string }).certificate).toContain('\nrecipients 1 notified, 0 pending');
    expect(erased.code).toBe(0);
    expect((await runCli(env, 'erase', account.id, data[0]!.id)).code).toBe(1);

    expect(told).toHaveLength(1);
    const [{ signature, body }] = told as [Told];
    const [, seconds, mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature)!;
    expect(createHmac('sha256', secret).update(`${seconds!}.${body}`).digest('hex')).toBe(mac);
    const { page_scoped_id: psid } = JSON.parse(body) as { page_scoped_id: string };
    expect(program.output()).not.toContain(psid);
    expect(program.output()).not.toContain('/erased');
    expect(await program.stop()).toBe(0);
    // The sandbox remembers its people, sealed.
    expect(scanFiles([dataDir], [psid, secret])).toEqual([]);
  }, 180_000);
});
