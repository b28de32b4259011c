import { anyNumber, Rig, until } from './sandbox-harness';

let rig: Rig;
afterEach(() => rig.close());

const pending = (): number => rig.server.sandbox.state({ summary: true }).totals.webhooks.pending;
const textsOf = (items: Record<string, unknown>[]): string[] =>
  items.map((item) => String((item['message'] as { text?: string } | undefined)?.text));

describe('a webhook body', () => {
  it('is signed over bytes in which slashes and everything outside ASCII are escaped in lower case', async () => {
    rig = await Rig.open();
    await rig.act({ kind: 'message', text: 'äöå / 😀' });
    await until(() => rig.hook.bodies.length === 1);
    const body = rig.hook.bodies[0]!;
    expect(body.signed).toBe(true);
    expect(body.text).toContain('"text":"\\u00e4\\u00f6\\u00e5 \\/ \\ud83d\\ude00"');
    expect(body.text).toMatch(/^[\x20-\x7e]+$/);
    expect(textsOf(rig.hook.items)).toEqual(['äöå / 😀']);
    expect(body.entries[0]).toMatchObject({ id: rig.page.id, time: anyNumber });
  });

  it('carries several entries under load and one entry a Page where entries are packed', async () => {
    rig = await Rig.open({ webhooks: { packEntries: true, concurrency: 1, maxEventsPerBody: 50 } });
    await rig.post('/events', { page_id: rig.page.id, kind: 'message', people: 500 });
    await until(() => rig.hook.items.length === 500);
    expect(rig.hook.bodies.length).toBeLessThan(100);
    for (const body of rig.hook.bodies) expect(body.entries).toHaveLength(1);
    expect(Math.max(...rig.hook.bodies.map((body) => body.entries[0]!.messaging.length))).toBe(50);
  });

  it('holds one event an entry unless told', async () => {
    rig = await Rig.open({ webhooks: { concurrency: 1 } });
    await rig.post('/events', { page_id: rig.page.id, kind: 'message', people: 300 });
    await until(() => rig.hook.items.length === 300);
    const entries = rig.hook.bodies.flatMap((body) => body.entries);
    expect(entries).toHaveLength(300);
    expect(rig.hook.bodies.length).toBeLessThan(100);
  });

  it('passes a raw item through without rounding its numbers', async () => {
    rig = await Rig.open();
    const text = `{"page_id":"${rig.page.id}","raw":{"sender":{"id":25381719828140932},"odd":{"a":[1.50]}}}`;
    await rig.request('/events', { method: 'POST', body: text });
    await until(() => rig.hook.bodies.length === 1);
    expect(rig.hook.bodies[0]!.text).toContain('{"sender":{"id":25381719828140932},"odd":{"a":[1.50]}}');
    expect(rig.hook.bodies[0]!.signed).toBe(true);
  });

  it('passes an exact body through', async () => {
    rig = await Rig.open();
    await rig.post('/events', { body: '{"object" : "page", "entry":[]} ä' });
    await until(() => rig.hook.bodies.length === 1);
    expect(rig.hook.bodies[0]).toMatchObject({ text: '{"object" : "page", "entry":[]} ä', signed: true });
  });
});

describe('delivery', () => {
  it('tries again until the answer is 200, with the same bytes', async () => {
    rig = await Rig.open({ webhooks: { retryBaseMs: 1 } });
    rig.hook.status = 500;
    await rig.act({ kind: 'message', text: 'once' });
    await until(() => rig.hook.bodies.length >= 3);
    expect(pending()).toBe(1);
    rig.hook.status = 200;
    await until(() => pending() === 0);
    expect(new Set(rig.hook.bodies.map((body) => body.text)).size).toBe(1);
    const { delivered, failed_attempts: failed } = rig.server.sandbox.state().totals.webhooks;
    expect(delivered).toBe(1);
    expect(failed).toBe(rig.hook.bodies.length - 1);
  });

  it('survives a webhook that is not there yet', async () => {
    let url = '';
    rig = await Rig.open({ webhookUrl: () => url, webhooks: { retryBaseMs: 1 } });
    await rig.act({ kind: 'message', text: 'early' });
    await until(() => rig.server.sandbox.state().totals.webhooks.failed_attempts > 1);
    url = rig.hook.url;
    await until(() => rig.hook.items.length === 1);
  });

  it('gives up after the time it was given', async () => {
    rig = await Rig.open({ webhookUrl: '', webhooks: { retryBaseMs: 1, giveUpAfterMs: 0 } });
    await rig.act({ kind: 'message' });
    await until(() => rig.server.sandbox.state().totals.webhooks.abandoned === 1);
    expect(pending()).toBe(0);
  });

  it('shakes hands with the verify token', async () => {
    rig = await Rig.open();
    expect(await rig.server.sandbox.verifyWebhook()).toBe(true);
    await rig.close();
    rig = await Rig.open({ verifyToken: 'another' });
    expect(await rig.server.sandbox.verifyWebhook()).toBe(false);
  });
});

describe('faults of webhooks', () => {
  it('duplicates, and only the fields that were named', async () => {
    rig = await Rig.open({ deliveries: false });
    await rig.faults({ webhooks: { duplicate: 2, fields: ['message_echoes'] } });
    const { psid } = await rig.act({ kind: 'message', text: 'in' });
    await rig.text(psid, 'out');
    await until(() => rig.hook.items.length === 4);
    expect(textsOf(rig.hook.items).sort()).toEqual(['in', 'out', 'out', 'out']);
    await until(() => pending() === 0);
  });

  it('drops each second event', async () => {
    rig = await Rig.open();
    await rig.faults({ webhooks: { drop_every: 2 } });
    for (const text of ['a', 'b', 'c', 'd']) await rig.act({ kind: 'message', text });
    await until(() => rig.hook.items.length === 2);
    expect(textsOf(rig.hook.items)).toEqual(['a', 'c']);
    expect(rig.server.sandbox.state().totals.webhooks).toMatchObject({ dropped: 2 });
  });

  it('turns the order round within a window, and lets a short one go', async () => {
    rig = await Rig.open({ webhooks: { concurrency: 1 } });
    await rig.faults({ webhooks: { reorder_window: 3 } });
    await rig.post('/events', { kind: 'message', people: 4 });
    await until(() => rig.hook.items.length === 4);
    const [a, b, c, d] = rig.server.sandbox.state().people.map((person) => person.psid);
    expect(rig.hook.items.map((item) => (item['sender'] as { id: string }).id)).toEqual([c, b, a, d]);
  });
});
