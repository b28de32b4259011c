import { Rig, like } from './sandbox-harness';

const url = 'https://example.com/a.png';
const postback = { type: 'postback', title: 'Stop', payload: 'STOP' };
const x = (count: number): string => 'x'.repeat(count);
const button = (payload: object): object => ({
  attachment: { type: 'template', payload: { template_type: 'button', text: 'Hi', buttons: [postback], ...payload } },
});
const generic = (elements: unknown): object => ({
  attachment: { type: 'template', payload: { template_type: 'generic', elements } },
});
const element = (extra: object): object => ({ title: 'A', subtitle: 'B', ...extra });
const reply = (extra: object): object => ({ content_type: 'text', title: 'Red', payload: 'RED', ...extra });

let rig: Rig;
let psid: string;
beforeAll(async () => {
  rig = await Rig.open({ limits: { callsPerSecond: 0 } });
  psid = (await rig.act({ kind: 'message', text: 'hi' })).psid;
});
afterAll(() => rig.close());

const received = (): number => rig.server.sandbox.state({ summary: true }).totals.received;

describe('a message that the platform takes', () => {
  it.each<[string, object]>([
    ['text of 1999 characters', { text: x(1999) }],
    ['metadata of 999 characters', { text: 'a', metadata: x(999) }],
    ['13 quick replies', { text: 'a', quick_replies: Array.from({ length: 13 }, () => reply({})) }],
    ['quick replies for address and number', { text: 'a', quick_replies: [{ content_type: 'user_email' }] }],
    ['an image by url', { attachment: { type: 'image', payload: { url, is_reusable: true } } }],
    ['button text of 640 characters', button({ text: x(640) })],
    ['three buttons', button({ buttons: [postback, postback, { type: 'web_url', title: 'Open', url }] })],
    ['a title of 20 characters', button({ buttons: [{ ...postback, title: x(20) }] })],
    ['a payload of 1000 characters', button({ buttons: [{ ...postback, payload: x(1000) }] })],
    ['ten elements', generic(Array.from({ length: 10 }, () => element({ buttons: [postback] })))],
    ['an element with an action', generic([element({ default_action: { type: 'web_url', url } })])],
    [
      'a media template',
      {
        attachment: {
          type: 'template',
          payload: { template_type: 'media', elements: [{ media_type: 'image', url, buttons: [postback] }] },
        },
      },
    ],
    [
      'an opt-in request',
      {
        attachment: {
          type: 'template',
          payload: { template_type: 'notification_messages', title: 'Weekly', payload: 'w' },
        },
      },
    ],
  ])('%s', async (_, message) => {
    const before = received();
    const answer = await rig.send({ recipient: { id: psid }, messaging_type: 'RESPONSE', message });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ recipient_id: psid, message_id: like(/^m_/) });
    expect(received()).toBe(before + 1);
  });
});

describe('a message that the platform refuses with code 100', () => {
  it.each<[string, object]>([
    ['text of 2000 characters', { text: x(2000) }],
    ['empty text', { text: ' ' }],
    ['text that is no string', { text: 5 }],
    ['nothing', {}],
    ['text and attachment', { text: 'a', ...button({}) }],
    ['an unknown field', { text: 'a', colour: 'red' }],
    ['metadata of 1000 characters', { text: 'a', metadata: x(1000) }],
    ['14 quick replies', { text: 'a', quick_replies: Array.from({ length: 14 }, () => reply({})) }],
    ['no quick replies in the list', { text: 'a', quick_replies: [] }],
    ['a quick reply title of 21', { text: 'a', quick_replies: [reply({ title: x(21) })] }],
    ['a quick reply payload of 1001', { text: 'a', quick_replies: [reply({ payload: x(1001) })] }],
    ['a quick reply of unknown type', { text: 'a', quick_replies: [reply({ content_type: 'location' })] }],
    ['a quick reply with an unknown field', { text: 'a', quick_replies: [reply({ extra: 1 })] }],
    ['an unknown attachment type', { attachment: { type: 'hologram', payload: { url } } }],
    ['an attachment without url', { attachment: { type: 'image', payload: {} } }],
    ['a url that is none', { attachment: { type: 'image', payload: { url: 'javascript:1' } } }],
    ['an unknown attachment id', { attachment: { type: 'image', payload: { attachment_id: '1' } } }],
    ['an unknown template', { attachment: { type: 'template', payload: { template_type: 'list' } } }],
    ['button text of 641', button({ text: x(641) })],
    ['four buttons', button({ buttons: [postback, postback, postback, postback] })],
    ['no button', button({ buttons: [] })],
    ['a title of 21', button({ buttons: [{ ...postback, title: x(21) }] })],
    ['a payload of 1001', button({ buttons: [{ ...postback, payload: x(1001) }] })],
    ['a button of unknown type', button({ buttons: [{ ...postback, type: 'buy' }] })],
    ['a button with an unknown field', button({ buttons: [{ ...postback, colour: 'red' }] })],
    ['a button without url', button({ buttons: [{ type: 'web_url', title: 'Open' }] })],
    ['an unknown template field', button({ colour: 'red' })],
    ['eleven elements', generic(Array.from({ length: 11 }, () => element({})))],
    ['no element', generic([])],
    ['an element title of 81', generic([element({ title: x(81) })])],
    ['an element subtitle of 81', generic([element({ subtitle: x(81) })])],
    ['an element with a title alone', generic([{ title: 'A' }])],
    ['an element with four buttons', generic([element({ buttons: [postback, postback, postback, postback] })])],
    ['an action with a title', generic([element({ default_action: { type: 'web_url', url, title: 'x' } })])],
  ])('%s', async (_, message) => {
    const before = received();
    const answer = await rig.send({ recipient: { id: psid }, messaging_type: 'RESPONSE', message });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      error: { code: 100, type: 'OAuthException', fbtrace_id: like(/^A/) },
    });
    expect(received()).toBe(before);
  });
});

describe('the rest of the body', () => {
  const message = { text: 'a' };
  const cases: [string, () => object, number, object][] = [
    ['no messaging_type', () => ({ recipient: { id: psid }, message }), 400, { code: 100 }],
    [
      'a strange messaging_type',
      () => ({ recipient: { id: psid }, messaging_type: 'PROMO', message }),
      400,
      { code: 100 },
    ],
    ['no recipient', () => ({ messaging_type: 'UPDATE', message }), 400, { code: 100 }],
    ['a numeric recipient', () => ({ recipient: { id: 5 }, messaging_type: 'UPDATE', message }), 400, { code: 100 }],
    [
      'an unknown recipient',
      () => ({ recipient: { id: '31337000000000000' }, messaging_type: 'UPDATE', message }),
      400,
      { code: 100, error_subcode: 2018001 },
    ],
    [
      'an unknown field',
      () => ({ recipient: { id: psid }, messaging_type: 'UPDATE', message, priority: 1 }),
      400,
      { code: 100 },
    ],
    ['no message', () => ({ recipient: { id: psid }, messaging_type: 'UPDATE' }), 400, { error_subcode: 2018034 }],
    [
      'a tag with another type',
      () => ({ recipient: { id: psid }, messaging_type: 'UPDATE', tag: 'HUMAN_AGENT', message }),
      400,
      { code: 100 },
    ],
    ['no tag', () => ({ recipient: { id: psid }, messaging_type: 'MESSAGE_TAG', message }), 400, { code: 100 }],
    ...['CONFIRMED_EVENT_UPDATE', 'ACCOUNT_UPDATE', 'POST_PURCHASE_UPDATE', 'NEWS'].map(
      (tag): [string, () => object, number, object] => [
        `tag ${tag}`,
        () => ({ recipient: { id: psid }, messaging_type: 'MESSAGE_TAG', tag, message }),
        400,
        { code: 100 },
      ],
    ),
    [
      'HUMAN_AGENT without the permission',
      () => ({ recipient: { id: psid }, messaging_type: 'MESSAGE_TAG', tag: 'HUMAN_AGENT', message }),
      403,
      { code: 10 },
    ],
    [
      'a utility template nobody approved',
      () => ({
        recipient: { id: psid },
        messaging_type: 'UTILITY',
        message: { template: { name: 'none', language: { code: 'en_US' } } },
      }),
      400,
      { code: 100 },
    ],
    [
      'a sender action that does not exist',
      () => ({ recipient: { id: psid }, sender_action: 'dance' }),
      400,
      { error_subcode: 2018048 },
    ],
  ];
  it.each(cases)('%s is refused', async (_, body, status, error) => {
    const before = received();
    const answer = await rig.send(body());
    expect(answer).toMatchObject({ status, body: { error } });
    expect(received()).toBe(before);
  });

  it('answers broken JSON with code 100', async () => {
    const answer = await rig.request(`/graph/v25.0/${rig.page.id}/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${rig.page.token}`, 'content-type': 'application/json' },
      body: '{"recipient":',
    });
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 100 } } });
  });

  it('takes a sender action without a messaging_type and keeps no message of it', async () => {
    const before = received();
    const answer = await rig.send({ recipient: { id: psid }, sender_action: 'typing_on' });
    expect(answer).toMatchObject({ status: 200, body: { recipient_id: psid } });
    expect(received()).toBe(before);
  });

  it('takes a form as well as JSON', async () => {
    const form = new URLSearchParams({
      recipient: JSON.stringify({ id: psid }),
      messaging_type: 'UPDATE',
      message: '{"text":"from a form"}',
      access_token: rig.page.token,
    });
    const answer = await rig.request('/graph/me/messages', { method: 'POST', body: form });
    expect(answer.status).toBe(200);
  });
});
