import { createHmac } from 'node:crypto';
import { anyNumber, APP, Rig, until } from './sandbox-harness';

const HOUR_MS = 3_600_000;
let rig: Rig;
afterEach(() => rig.close());

describe('who may send', () => {
  it('refuses a missing, a wrong and another Page’s token', async () => {
    rig = await Rig.open({ pages: 2 });
    const body = { recipient: { id: '1' }, messaging_type: 'UPDATE', message: { text: 'a' } };
    const bare = await rig.post(`/graph/v25.0/${rig.page.id}/messages`, body);
    expect(bare).toMatchObject({ status: 400, body: { error: { code: 104 } } });
    const wrong = await rig.graph('POST', `/${rig.page.id}/messages`, body, 'EAAwrong');
    expect(wrong).toMatchObject({ status: 401, body: { error: { code: 190, type: 'OAuthException' } } });
    const other = rig.server.sandbox.pages[1]!;
    const foreign = await rig.graph('POST', `/${rig.page.id}/messages`, body, other.token);
    expect(foreign).toMatchObject({ status: 400, body: { error: { code: 100, error_subcode: 33 } } });
    expect(rig.server.sandbox.state().totals.received).toBe(0);
  });

  it('checks an appsecret_proof in both forms', async () => {
    rig = await Rig.open();
    const { psid } = await rig.act({ kind: 'message' });
    const { token, id } = rig.page;
    const seconds = Math.floor(Date.now() / 1000);
    const hmac = (text: string): string => createHmac('sha256', APP.secret).update(text).digest('hex');
    const send = (extra: object) =>
      rig.graph('POST', `/${id}/messages`, {
        recipient: { id: psid },
        messaging_type: 'UPDATE',
        message: { text: 'a' },
        ...extra,
      });
    expect((await send({ appsecret_proof: hmac(token) })).status).toBe(200);
    expect((await send({ appsecret_proof: hmac(`${token}|${seconds}`), appsecret_time: String(seconds) })).status).toBe(
      200,
    );
    expect(await send({ appsecret_proof: hmac('x') })).toMatchObject({ status: 400, body: { error: { code: 100 } } });
    const stale = seconds - 301;
    const late = { appsecret_proof: hmac(`${token}|${stale}`), appsecret_time: String(stale) };
    expect((await send(late)).status).toBe(400);
  });
});

describe('the 24-hour window', () => {
  it.each([['message'], ['get_started'], ['postback'], ['referral'], ['quick_reply'], ['ad'], ['sticker'], ['image']])(
    'is opened by %s and closes 24 hours after the event',
    async (kind) => {
      rig = await Rig.open();
      const { psid } = await rig.act({ kind });
      expect((await rig.text(psid)).status).toBe(200);
      rig.clock.offsetMs = 24 * HOUR_MS + 1_000;
      expect(await rig.text(psid)).toMatchObject({
        status: 403,
        body: { error: { code: 10, error_subcode: 2018278 } },
      });
      expect(rig.server.sandbox.state().totals).toMatchObject({ received: 1, refused: 1 });
    },
  );

  it.each([['optin'], ['marketing_optin'], ['account_linking'], ['read'], ['edit'], ['delete']])(
    'is not opened by %s',
    async (kind) => {
      rig = await Rig.open();
      const { psid } = await rig.act({ kind: 'message', at: Date.now() - 25 * HOUR_MS });
      await rig.act({ kind });
      expect(await rig.text(psid)).toMatchObject({ status: 403, body: { error: { error_subcode: 2018278 } } });
    },
  );

  it('counts from the event, not from its arrival, and is renewed by a reaction', async () => {
    rig = await Rig.open();
    const { psid } = await rig.act({ kind: 'message', at: Date.now() - 24 * HOUR_MS + 60_000 });
    expect((await rig.text(psid)).status).toBe(200);
    rig.clock.offsetMs = 61_000;
    expect((await rig.text(psid)).status).toBe(403);
    await rig.act({ kind: 'reaction', mid: 'm_any' });
    expect((await rig.text(psid)).status).toBe(200);
  });

  it('does not bind an approved utility template', async () => {
    rig = await Rig.open();
    const { psid } = await rig.act({ kind: 'message', at: Date.now() - 30 * HOUR_MS });
    const made = await rig.graph('POST', '/me/message_templates', {
      name: 'order_shipped',
      language: 'en_US',
      category: 'UTILITY',
      components: [],
    });
    expect(made).toMatchObject({ status: 200, body: { status: 'APPROVED' } });
    const template = { name: 'order_shipped', language: { code: 'en_US' } };
    const sent = await rig.send({ recipient: { id: psid }, messaging_type: 'UTILITY', message: { template } });
    expect(sent.status).toBe(200);
  });

  it('is longer after an ad only where that is switched on', async () => {
    rig = await Rig.open({ limits: { adWindowHours: 168 } });
    const { psid } = await rig.act({ kind: 'ad' });
    rig.clock.offsetMs = 100 * HOUR_MS;
    expect((await rig.text(psid)).status).toBe(200);
  });
});

describe('people', () => {
  it('cannot be reached before their first act, on another Page, or while they block the Page', async () => {
    rig = await Rig.open({ pages: 2 });
    const { psid } = await rig.act({ kind: 'message' });
    const other = rig.server.sandbox.pages[1]!;
    const body = { recipient: { id: psid }, messaging_type: 'UPDATE', message: { text: 'a' } };
    expect(await rig.send(body, other)).toMatchObject({ body: { error: { error_subcode: 2018001 } } });
    const silent = await rig.act({ kind: 'block', person: 'bob' });
    await rig.act({ kind: 'unblock', person: 'bob' });
    expect(await rig.text(silent.psid)).toMatchObject({ body: { error: { error_subcode: 2018001 } } });
    await rig.act({ kind: 'block' });
    expect(await rig.text(psid)).toMatchObject({ body: { error: { code: 551, error_subcode: 1545041 } } });
    await rig.act({ kind: 'unblock' });
    expect((await rig.text(psid)).status).toBe(200);
  });

  it('have ids of 16 or 17 digits, another one on each Page', async () => {
    rig = await Rig.open({ pages: 2 });
    const one = await rig.act({ kind: 'message' });
    const two = await rig.act({ kind: 'message', page_id: rig.server.sandbox.pages[1]!.id });
    expect(one.psid).toMatch(/^\d{16,17}$/);
    expect(two.psid).not.toBe(one.psid);
    expect((await rig.act({ kind: 'message' })).psid).toBe(one.psid);
  });
});

describe('limits', () => {
  it('throttles every call after 300 in a second, and counts the refused ones too', async () => {
    rig = await Rig.open({ acceptUnknownRecipients: true, deliveries: false, echoes: false });
    rig.clock.heldAtMs = rig.clock.monotonicMs();
    const answers = await Promise.all(Array.from({ length: 320 }, (_, i) => rig.text(String(20_000_000 + i))));
    const refused = answers.filter((answer) => answer.status !== 200);
    expect(refused).toHaveLength(20);
    for (const answer of refused) expect(answer).toMatchObject({ status: 403, body: { error: { code: 613 } } });
    expect(refused[0]!.headers.get('x-business-use-case-usage')).toContain(rig.page.id);
    const { totals } = rig.server.sandbox.state({ summary: true });
    expect(totals).toMatchObject({ calls: 320, received: 300, refused: 20, mostCallsInAnySecond: 320 });
  });

  it('refuses the call that exceeds a small limit and recovers a second later', async () => {
    rig = await Rig.open({ limits: { callsPerSecond: 3 } });
    rig.clock.heldAtMs = rig.clock.monotonicMs();
    const { psid } = await rig.act({ kind: 'message' });
    const statuses = [];
    for (let call = 0; call < 4; call += 1) statuses.push((await rig.text(psid)).status);
    expect(statuses).toEqual([200, 200, 200, 403]);
    rig.clock.heldAtMs += 1_001;
    expect((await rig.text(psid)).status).toBe(200);
    expect(rig.server.sandbox.state().pages[0]).toMatchObject({ calls: 5, most_calls_in_any_second: 4 });
  });

  it('freezes the Page above the high-volume line with 80006', async () => {
    rig = await Rig.open({ limits: { freezeAbovePerSecond: 2 } });
    rig.clock.heldAtMs = rig.clock.monotonicMs();
    const { psid } = await rig.act({ kind: 'message' });
    await rig.text(psid);
    await rig.text(psid);
    expect(await rig.text(psid)).toMatchObject({ status: 403, body: { error: { code: 80006 } } });
    rig.clock.heldAtMs += 1_001;
    expect((await rig.text(psid)).status).toBe(200);
  });

  it('has a limit of its own for audio and video', async () => {
    rig = await Rig.open({ limits: { mediaCallsPerSecond: 1 } });
    rig.clock.heldAtMs = rig.clock.monotonicMs();
    const { psid } = await rig.act({ kind: 'message' });
    const message = { attachment: { type: 'audio', payload: { url: 'https://example.com/a.mp3' } } };
    const send = () => rig.send({ recipient: { id: psid }, messaging_type: 'UPDATE', message });
    expect((await send()).status).toBe(200);
    expect(await send()).toMatchObject({ status: 403, body: { error: { code: 613 } } });
    expect((await rig.text(psid)).status).toBe(200);
  });
});

describe('what a send brings back', () => {
  it('an echo with a numeric app id and the metadata, and a delivery with the mid', async () => {
    rig = await Rig.open();
    const { psid } = await rig.act({ kind: 'message' });
    const sent = await rig.text(psid, 'héllo / you', { metadata: 'job-1' });
    const { message_id: mid } = sent.body as { message_id: string };
    await until(() => rig.hook.having('delivery').length === 1);
    const echo = rig.hook.items.find((item) => (item['message'] as { is_echo?: boolean } | undefined)?.is_echo);
    expect(echo).toMatchObject({
      sender: { id: rig.page.id },
      recipient: { id: psid },
      message: { is_echo: true, app_id: Number(APP.id), metadata: 'job-1', mid, text: 'héllo / you' },
    });
    expect(rig.hook.having('delivery')[0]).toMatchObject({ delivery: { mids: [mid], watermark: anyNumber } });
    expect(rig.hook.having('read')).toHaveLength(0);
  });

  it('only what the Page subscribed to', async () => {
    rig = await Rig.open({ reads: true }, 'messages,message_reads');
    const { psid } = await rig.act({ kind: 'message' });
    await rig.text(psid);
    await until(() => rig.hook.having('read').length === 1);
    expect(rig.hook.having('delivery')).toHaveLength(0);
    expect(rig.hook.items.filter((item) => 'message' in item)).toHaveLength(1);
  });

  it('a receipt with the raw message, in state and as lines', async () => {
    rig = await Rig.open();
    const { psid } = await rig.act({ kind: 'message' });
    const sent = await rig.text(psid, 'one', { metadata: 'job-1' });
    await rig.text(psid, 'two');
    const { message_id: mid } = sent.body as { message_id: string };
    const state = (await rig.request('/state')).body as ReturnType<typeof rig.server.sandbox.state>;
    expect(state.people).toHaveLength(1);
    expect(state.people[0]).toMatchObject({ psid, name: 'ann', received_count: 2 });
    expect(state.people[0]!.received[0]).toMatchObject({ mid, metadata: 'job-1', message: { text: 'one' } });
    expect(Math.abs(state.people[0]!.received[0]!.at_ms - Date.now())).toBeLessThan(60_000);
    const first = (await rig.request('/state/receipts?limit=1')).body as { n: number; mid: string };
    expect(first.mid).toBe(mid);
    const second = (await rig.request(`/state/receipts?after=${first.n}`)).body as { metadata: null };
    expect(second.metadata).toBeNull();
    expect((await rig.request('/state?summary=1')).body).toMatchObject({ people: [], totals: { received: 2 } });
  });

  it('an attachment id for a reusable attachment, good for this Page only and for 90 days', async () => {
    rig = await Rig.open({ pages: 2 });
    const { psid } = await rig.act({ kind: 'message' });
    const upload = {
      message: { attachment: { type: 'image', payload: { url: 'https://example.com/a.png', is_reusable: true } } },
    };
    const made = await rig.graph('POST', `/${rig.page.id}/message_attachments`, upload);
    const { attachment_id: id } = made.body as { attachment_id: string };
    const message = { attachment: { type: 'image', payload: { attachment_id: id } } };
    const send = () => rig.send({ recipient: { id: psid }, messaging_type: 'UPDATE', message });
    expect((await send()).status).toBe(200);
    rig.clock.offsetMs = 91 * 24 * HOUR_MS;
    await rig.act({ kind: 'message', at: rig.clock.now().getTime() });
    expect(await send()).toMatchObject({ body: { error: { code: 100, error_subcode: 2018074 } } });
  });
});
