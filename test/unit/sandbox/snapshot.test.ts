import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Rig, until } from './sandbox-harness';

let dir: string;
let rig: Rig;
const stateKey = randomBytes(32);
beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'sandbox-state-'));
});
afterEach(async () => {
  await rig.close();
  await rm(dir, { recursive: true });
});

const file = (): string => path.join(dir, 'deep', 'sandbox.state');

describe('the snapshot', () => {
  it('brings people, windows, blocks, threads, profile and subscriptions back', async () => {
    rig = await Rig.open({ statePath: file(), stateKey });
    const { psid } = await rig.act({ kind: 'message', text: 'remember me' });
    const bob = await rig.act({ kind: 'block', person: 'bob' });
    await rig.graph('POST', '/me/messenger_profile', { get_started: { payload: 'GO' } });
    await rig.text(psid, 'kept', { metadata: 'job-1' });
    const before = rig.server.sandbox.state();
    await rig.close();
    rig = await Rig.open({ statePath: file(), stateKey }, '');
    const after = rig.server.sandbox.state();
    expect(after.pages[0]!.subscribed_fields).toEqual(before.pages[0]!.subscribed_fields);
    const ann = after.people.find((person) => person.psid === psid);
    expect(ann).toEqual(before.people.find((person) => person.psid === psid));
    expect(ann!.received).toMatchObject([{ metadata: 'job-1', message: { text: 'kept' } }]);
    expect(after.people.find((person) => person.psid === bob.psid)).toMatchObject({ blocked: true });
    expect((await rig.text(psid)).status).toBe(200);
    expect((await rig.act({ kind: 'message' })).psid).toBe(psid);
    expect((await rig.graph('GET', '/me/messenger_profile?fields=get_started')).body).toMatchObject({
      data: [{ get_started: { payload: 'GO' } }],
    });
  });

  it('brings a webhook back that was never acknowledged', async () => {
    rig = await Rig.open({ statePath: file(), stateKey, webhookUrl: '' });
    await rig.act({ kind: 'message', text: 'undelivered' });
    await rig.close();
    rig = await Rig.open({ statePath: file(), stateKey }, '');
    await until(() => rig.hook.items.length === 1);
    expect(rig.hook.items[0]).toMatchObject({ message: { text: 'undelivered' } });
  });

  it('shows nothing in clear and is readable by its owner only', async () => {
    rig = await Rig.open({ statePath: file(), stateKey });
    const { psid } = await rig.act({ kind: 'message', text: 'a secret word', person: 'annabel' });
    await until(async () => (await stat(file()).catch(() => undefined)) !== undefined);
    await rig.close();
    const bytes = await readFile(file());
    for (const value of [psid, 'a secret word', 'annabel', rig.page.id]) expect(bytes.includes(value)).toBe(false);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    rig = await Rig.open({});
  });

  it('is not believed with another key or after a change', async () => {
    rig = await Rig.open({ statePath: file(), stateKey });
    await rig.act({ kind: 'message' });
    await rig.close();
    const bytes = await readFile(file());
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(file(), bytes);
    rig = await Rig.open({ statePath: file(), stateKey });
    expect(rig.server.sandbox.state().totals.people).toBe(0);
    await rig.act({ kind: 'message' });
    await rig.close();
    rig = await Rig.open({ statePath: file(), stateKey: randomBytes(32) });
    expect(rig.server.sandbox.state().totals.people).toBe(0);
  });

  it('needs a key of 32 bytes', async () => {
    rig = await Rig.open({});
    await expect(Rig.open({ statePath: file(), stateKey: randomBytes(16) })).rejects.toMatchObject({
      code: 'sandbox-state-key',
    });
  });
});
