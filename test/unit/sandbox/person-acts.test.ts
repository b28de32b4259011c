import { anyNumber, anyText, Rig, until } from './sandbox-harness';

let rig: Rig;
afterEach(() => rig.close());

describe('an act becomes the event that the platform sends', () => {
  it.each<[string, object, object]>([
    ['get_started', { ref: 'ad1' }, { postback: { title: 'Get Started', payload: 'GO', referral: { ref: 'ad1' } } }],
    ['message', { text: 'hi' }, { message: { text: 'hi', mid: anyText } }],
    ['postback', { payload: 'P', title: 'Stop' }, { postback: { title: 'Stop', payload: 'P', mid: anyText } }],
    ['quick_reply', { text: 'Red', payload: 'R' }, { message: { text: 'Red', quick_reply: { payload: 'R' } } }],
    ['referral', { ref: 'r' }, { referral: { ref: 'r', source: 'SHORTLINK', type: 'OPEN_THREAD' } }],
    ['ad', { text: 'yo' }, { message: { text: 'yo', referral: { source: 'ADS', ad_id: anyText } } }],
    ['optin', { ref: 'plug' }, { optin: { ref: 'plug' } }],
    [
      'marketing_optin',
      { payload: 'spring' },
      { optin: { type: 'notification_messages', payload: 'spring', user_token_status: 'NOT_REFRESHED' } },
    ],
    ['marketing_stop', {}, { optin: { notification_messages_status: 'STOP_NOTIFICATIONS' } }],
    [
      'marketing_resume',
      { status: 'RESUME NOTIFICATIONS' },
      { optin: { notification_messages_status: 'RESUME NOTIFICATIONS' } },
    ],
    ['reaction', { mid: 'm_1', emoji: '❤' }, { reaction: { mid: 'm_1', action: 'react', emoji: '❤' } }],
    ['reaction', { mid: 'm_1', status: 'unreact' }, { reaction: { mid: 'm_1', action: 'unreact' } }],
    ['read', {}, { read: { watermark: anyNumber } }],
    ['sticker', {}, { message: { attachments: [{ type: 'sticker', payload: { sticker_id: anyNumber } }] } }],
    ['image', {}, { message: { attachments: [{ type: 'image', payload: { url: anyText } }] } }],
    ['edit', { mid: 'm_9', text: 'new' }, { message_edit: { mid: 'm_9', text: 'new', num_edit: 1 } }],
    ['delete', { mid: 'm_9' }, { message: { mid: 'm_9', is_deleted: true } }],
    ['account_linking', {}, { account_linking: { status: 'linked', authorization_code: anyText } }],
    ['account_linking', { status: 'unlinked' }, { account_linking: { status: 'unlinked' } }],
  ])('%s %j', async (kind, event, expected) => {
    rig = await Rig.open();
    await rig.graph('POST', '/me/messenger_profile', { get_started: { payload: 'GO' } });
    const { psid } = await rig.act({ kind, ...event });
    await until(() => rig.hook.items.length === 1);
    expect(rig.hook.items[0]).toMatchObject({
      sender: { id: psid },
      recipient: { id: rig.page.id },
      timestamp: anyNumber,
      ...expected,
    });
  });

  it.each([['block'], ['unblock']])('%s sends nothing', async (kind) => {
    rig = await Rig.open();
    await rig.act({ kind });
    await rig.act({ kind: 'message', text: 'after' });
    await until(() => rig.hook.items.length > 0);
    expect(rig.hook.items).toHaveLength(1);
  });

  it('carries the time it was back-dated to, and as many copies as asked', async () => {
    rig = await Rig.open();
    const at = Date.now() - 3_600_000;
    const { mid } = await rig.act({ kind: 'message', at, copies: 3 });
    await until(() => rig.hook.items.length === 3);
    for (const item of rig.hook.items) expect(item).toMatchObject({ timestamp: at, message: { mid } });
  });

  it('counts the edits of a message and forgets what was deleted', async () => {
    rig = await Rig.open();
    const { mid } = await rig.act({ kind: 'message', text: 'frist' });
    await rig.act({ kind: 'edit', text: 'first' });
    await rig.act({ kind: 'edit', text: 'First' });
    await until(() => rig.hook.having('message_edit').length === 2);
    expect(rig.hook.having('message_edit')[1]).toMatchObject({ message_edit: { mid, text: 'First', num_edit: 2 } });
    await rig.act({ kind: 'delete' });
    const view = await rig.graph('GET', `/${mid}?fields=message`);
    expect(view.body).toEqual({ id: mid, message: '' });
  });

  it('without a sender where only a user_ref is known', async () => {
    rig = await Rig.open();
    await rig.post('/events', { page_id: rig.page.id, kind: 'optin', ref: 'box', user_ref: 'u1' });
    await until(() => rig.hook.items.length === 1);
    expect(rig.hook.items[0]).toMatchObject({ optin: { ref: 'box', user_ref: 'u1' } });
    expect(rig.hook.items[0]).not.toHaveProperty('sender');
  });

  it('reaches the webhook only by a subscribed field', async () => {
    rig = await Rig.open({}, 'messages');
    await rig.act({ kind: 'postback' });
    await rig.act({ kind: 'message', text: 'seen' });
    await until(() => rig.hook.items.length > 0);
    expect(rig.hook.items).toHaveLength(1);
    expect(rig.hook.items[0]).toHaveProperty('message');
  });
});

describe('many people at once', () => {
  it('each act once, paced where a rate was given', async () => {
    rig = await Rig.open();
    const reply = await rig.post('/events', { kind: 'get_started', people: 40, rate: 400, prefix: 'p' });
    expect(reply.status).toBe(202);
    await until(() => rig.hook.items.length === 40);
    const senders = new Set(rig.hook.items.map((item) => (item['sender'] as { id: string }).id));
    expect(senders.size).toBe(40);
    expect(rig.server.sandbox.state({ summary: true }).totals.people).toBe(40);
  });
});
