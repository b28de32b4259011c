import { Rig, until, like } from './sandbox-harness';

let rig: Rig;
let psid: string;
beforeEach(async () => {
  rig = await Rig.open({ deliveries: false });
  ({ psid } = await rig.act({ kind: 'message' }));
});
afterEach(() => rig.close());

const received = (): number => rig.server.sandbox.state({ summary: true }).totals.received;

describe('POST /faults', () => {
  it('answers with the error that was ordered, as often as it was ordered', async () => {
    const answer = { status: 400, code: 190, subcode: 460, message: 'Session invalidated' };
    await rig.faults({ match: { times: 1 }, answer });
    expect(await rig.text(psid)).toMatchObject({ status: 400, body: { error: { code: 190, error_subcode: 460 } } });
    expect((await rig.text(psid)).status).toBe(200);
    expect(received()).toBe(1);
  });

  it('strikes every n-th call of one person', async () => {
    const bob = (await rig.act({ kind: 'message', person: 'bob' })).psid;
    await rig.faults({ match: { psid, every: 2 }, answer: { status: 400, code: 2, message: 'x' } });
    const statuses = [];
    for (let call = 0; call < 4; call += 1) statuses.push((await rig.text(psid)).status, (await rig.text(bob)).status);
    expect(statuses).toEqual([200, 200, 400, 200, 200, 200, 400, 200]);
  });

  it('loses the answer but not the message', async () => {
    await rig.faults({ match: { times: 1 }, answer: 'lose_answer' });
    await expect(rig.text(psid, 'x', { metadata: 'lost' })).rejects.toThrow();
    expect(received()).toBe(1);
    await until(() => rig.hook.items.some((item) => JSON.stringify(item).includes('"metadata":"lost"')));
  });

  it('loses the request and the message with it', async () => {
    await rig.faults({ match: { times: 1 }, answer: 'lose_request' });
    await expect(rig.text(psid)).rejects.toThrow();
    expect(received()).toBe(0);
  });

  it('answers 500 without an envelope, before or after processing', async () => {
    await rig.faults({ match: { times: 1 }, answer: 'http_500_no_envelope' });
    expect(await rig.text(psid)).toMatchObject({ status: 500, body: like(/<html>/) });
    expect(received()).toBe(0);
    await rig.faults({ match: { times: 1 }, answer: 'http_500_after_processing' });
    expect((await rig.text(psid)).status).toBe(500);
    expect(received()).toBe(1);
  });

  it('leaves the message id out', async () => {
    await rig.faults({ match: { times: 1 }, answer: 'no_message_id' });
    expect((await rig.text(psid)).body).toEqual({ recipient_id: psid });
    expect(received()).toBe(1);
  });

  it('sends no echo', async () => {
    await rig.faults({ rules: [{ match: { times: 1 }, answer: 'no_echo' }] });
    await rig.text(psid, 'silent');
    await rig.text(psid, 'loud');
    await until(() => rig.hook.items.some((item) => JSON.stringify(item).includes('loud')));
    expect(rig.hook.items.some((item) => JSON.stringify(item).includes('silent'))).toBe(false);
  });

  it('composes rules: slow and without a message id', async () => {
    await rig.faults({ rules: [{ answer: 'slow', ms: 60 }, { answer: { slow_ms: 60 } }, { answer: 'no_message_id' }] });
    const startMs = performance.now();
    expect((await rig.text(psid)).body).toEqual({ recipient_id: psid });
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(115);
  });

  it('reaches other calls by the name of their edge', async () => {
    await rig.faults({ match: { endpoint: 'subscribed_apps' }, answer: { status: 400, code: 200, message: 'no' } });
    expect(await rig.graph('GET', '/me/subscribed_apps')).toMatchObject({
      status: 400,
      body: { error: { code: 200 } },
    });
    expect((await rig.graph('GET', '/me')).status).toBe(200);
    expect((await rig.text(psid)).status).toBe(200);
  });

  it('lists, replaces, clears, and refuses what it does not know', async () => {
    await rig.faults({ answer: 'no_echo' });
    await rig.text(psid);
    expect((await rig.request('/faults')).body).toMatchObject({ rules: [{ answer: 'no_echo', seen: 1, hits: 1 }] });
    const replaced = await rig.faults({ rules: [], limits: { calls_per_second: 7 } });
    expect(replaced.body).toMatchObject({ rules: [], limits: { callsPerSecond: 7 } });
    expect((await rig.request('/faults', { method: 'DELETE' })).body).toMatchObject({
      limits: { callsPerSecond: 300 },
    });
    expect((await rig.faults({ answer: 'explode' })).status).toBe(400);
  });
});
