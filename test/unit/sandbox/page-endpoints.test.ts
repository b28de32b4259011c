import { APP, Rig, like } from './sandbox-harness';

let rig: Rig;
beforeEach(async () => {
  rig = await Rig.open({ pages: 3 }, '');
});
afterEach(() => rig.close());

describe('a Page', () => {
  it('keeps its id and token for the same seed', async () => {
    const again = await Rig.open({ pages: 1 }, '');
    expect(again.page).toEqual(rig.page);
    await again.close();
    const other = await Rig.open({ seed: Buffer.from('another seed') }, '');
    expect(other.page.id).not.toBe(rig.page.id);
    await other.close();
    expect(new Set(rig.server.sandbox.pages.map((page) => page.id)).size).toBe(3);
  });

  it('answers its own fields and refuses others', async () => {
    const { id, name } = rig.page;
    expect((await rig.graph('GET', '/me')).body).toEqual({ id, name });
    expect((await rig.graph('GET', `/${id}?fields=id,name`)).body).toEqual({ id, name });
    expect(await rig.graph('GET', `/${id}?fields=salary`)).toMatchObject({
      status: 400,
      body: { error: { code: 100 } },
    });
    const other = rig.server.sandbox.pages[1]!.id;
    expect(await rig.graph('GET', `/${other}?fields=id`)).toMatchObject({ body: { error: { code: 100 } } });
    expect(await rig.graph('GET', '/me/nothing')).toMatchObject({ status: 400 });
  });

  it('answers with and without a version, by header or parameter', async () => {
    const bare = await rig.request(`/graph/me?access_token=${rig.page.token}`);
    expect(bare).toMatchObject({ status: 200, body: { id: rig.page.id } });
  });
});

describe('subscribed_apps', () => {
  it('replaces the list, shows it, and ends it', async () => {
    const path = `/${rig.page.id}/subscribed_apps`;
    expect((await rig.graph('GET', path)).body).toEqual({ data: [] });
    await rig.graph('POST', `${path}?subscribed_fields=messages,message_reads`);
    expect((await rig.graph('POST', path, { subscribed_fields: ['messages'] })).body).toEqual({ success: true });
    expect((await rig.graph('GET', path)).body).toMatchObject({
      data: [{ id: APP.id, subscribed_fields: ['messages'] }],
    });
    expect((await rig.graph('DELETE', path)).body).toEqual({ success: true });
    expect(rig.server.sandbox.state().pages[0]!.subscribed_fields).toEqual([]);
  });

  it('refuses the whole call for one unknown field', async () => {
    const answer = await rig.graph('POST', '/me/subscribed_apps?subscribed_fields=messages,gossip');
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 100 } } });
    expect(rig.server.sandbox.state().pages[0]!.subscribed_fields).toEqual([]);
  });
});

describe('messenger_profile', () => {
  const menu = (items: unknown, locale = 'default'): object => ({
    persistent_menu: [{ locale, call_to_actions: items }],
  });
  const item = { type: 'postback', title: 'Stop', payload: 'STOP' };
  const started = { get_started: { payload: 'GO' } };
  const post = (body: unknown) => rig.graph('POST', '/me/messenger_profile', body);

  it('wants Get Started before a menu and keeps it while there is one', async () => {
    expect(await post(menu([item]))).toMatchObject({ status: 400, body: { error: { code: 100 } } });
    expect((await post({ ...started, ...menu([item]) })).body).toEqual({ result: 'success' });
    const kept = await rig.graph('GET', '/me/messenger_profile?fields=get_started,persistent_menu,greeting');
    expect(kept.body).toEqual({ data: [{ ...started, ...menu([item]) }] });
    const early = await rig.graph('DELETE', '/me/messenger_profile', { fields: ['get_started'] });
    expect(early).toMatchObject({ status: 400, body: { error: { code: 100 } } });
    const both = await rig.graph('DELETE', '/me/messenger_profile', { fields: ['get_started', 'persistent_menu'] });
    expect(both.body).toEqual({ result: 'success' });
    expect((await rig.graph('GET', '/me/messenger_profile?fields=get_started')).body).toEqual({ data: [] });
  });

  it.each<[string, object]>([
    ['nothing', {}],
    ['an unknown property', { colour: 'red' }],
    ['an empty payload', { get_started: { payload: '' } }],
    ['a payload of 1001', { get_started: { payload: 'x'.repeat(1001) } }],
    ['21 menu items', { ...started, ...menu(Array.from({ length: 21 }, () => item)) }],
    ['a menu title of 31', { ...started, ...menu([{ ...item, title: 'x'.repeat(31) }]) }],
    ['a nested menu', { ...started, ...menu([{ type: 'nested', title: 'More', call_to_actions: [] }]) }],
    ['no default locale', { ...started, ...menu([item], 'de_DE') }],
    ['a greeting of 161', { greeting: [{ locale: 'default', text: 'x'.repeat(161) }] }],
    [
      'five ice breakers',
      {
        ice_breakers: [
          { locale: 'default', call_to_actions: Array.from({ length: 5 }, () => ({ question: 'Q', payload: 'P' })) },
        ],
      },
    ],
    ['51 domains', { whitelisted_domains: Array.from({ length: 51 }, () => 'https://example.com') }],
  ])('refuses %s', async (_, body) => {
    expect(await post(body)).toMatchObject({ status: 400, body: { error: { code: 100 } } });
    expect((await rig.graph('GET', '/me/messenger_profile?fields=get_started,persistent_menu')).body).toEqual({
      data: [],
    });
  });

  it('can be limited to ten calls in ten minutes', async () => {
    await rig.faults({ limits: { profile_calls_per_10_min: 2 } });
    expect((await post(started)).status).toBe(200);
    expect((await post(started)).status).toBe(200);
    expect(await post(started)).toMatchObject({ status: 403, body: { error: { code: 613 } } });
    rig.clock.offsetMs += 600_001;
    expect((await post(started)).status).toBe(200);
  });
});

describe('a person', () => {
  it('has a profile once they wrote', async () => {
    const profile = { first_name: 'Ann', last_name: 'Lee', locale: 'de_DE', timezone: 2 };
    const { psid } = await rig.act({ kind: 'message', profile });
    const answer = await rig.graph('GET', `/${psid}?fields=first_name,last_name,locale,timezone`);
    expect(answer.body).toEqual({ id: psid, ...profile });
    expect(await rig.graph('GET', `/${psid}?fields=age`)).toMatchObject({ status: 400 });
    expect(await rig.graph('GET', '/123?fields=id')).toMatchObject({ body: { error: { error_subcode: 33 } } });
    const foreign = await rig.graph('GET', `/${psid}?fields=id`, undefined, rig.server.sandbox.pages[1]!.token);
    expect(foreign).toMatchObject({ body: { error: { error_subcode: 33 } } });
  });
});

describe('conversations', () => {
  const path = (psid: string, fields = 'messages{id,created_time,from,message}'): string =>
    `/me/conversations?user_id=${psid}&fields=${encodeURIComponent(fields)}`;

  it('lists the thread with one person, newest first', async () => {
    const { psid } = await rig.act({ kind: 'message', text: 'hello' });
    const sent = await rig.text(psid, 'welcome');
    const { message_id: mid } = sent.body as { message_id: string };
    const answer = await rig.graph('GET', path(psid));
    expect(answer.body).toMatchObject({
      data: [
        {
          id: like(/^t_/),
          messages: {
            data: [
              {
                id: mid,
                from: { id: rig.page.id },
                message: 'welcome',
                created_time: like(/\+0000$/),
              },
              { from: { id: psid }, message: 'hello' },
            ],
          },
        },
      ],
    });
    expect((await rig.graph('GET', `/${mid}?fields=id,message`)).body).toEqual({ id: mid, message: 'welcome' });
  });

  it('is empty for a stranger, strict about fields, and throttled above two calls a second', async () => {
    rig.clock.heldAtMs = rig.clock.monotonicMs();
    expect((await rig.graph('GET', path('1'))).body).toEqual({ data: [] });
    const { psid } = await rig.act({ kind: 'message' });
    expect(await rig.graph('GET', path(psid, 'messages{mood}'))).toMatchObject({ status: 400 });
    expect(await rig.graph('GET', path(psid))).toMatchObject({ status: 403, body: { error: { code: 613 } } });
    rig.clock.heldAtMs += 1_001;
    expect((await rig.graph('GET', path(psid, 'messages.limit(1){id}'))).status).toBe(200);
  });
});

describe('debug_token', () => {
  it('tells a Page token from nonsense, to the app or the token itself', async () => {
    const ask = (input: string, token: string) =>
      rig.graph('GET', `/debug_token?input_token=${input}`, undefined, token);
    const app = `${APP.id}|${APP.secret}`;
    expect((await ask(rig.page.token, app)).body).toMatchObject({
      data: {
        is_valid: true,
        app_id: APP.id,
        profile_id: rig.page.id,
        scopes: ['pages_messaging', 'pages_manage_metadata', 'pages_show_list', 'pages_utility_messaging'],
      },
    });
    expect((await ask('nonsense', rig.page.token)).body).toMatchObject({ data: { is_valid: false } });
    expect(await ask(rig.page.token, 'nonsense')).toMatchObject({ status: 401, body: { error: { code: 190 } } });
  });
});

it('passes unsubscribed people on and counts the rows it could not read', async () => {
  const { psid } = await rig.act({ kind: 'marketing_optin' });
  const answer = await rig.graph('POST', '/me/messaging_customer_base/unsubscribe', {
    data: [{ psid }, { psid: '1' }],
  });
  expect(answer.body).toEqual({ invalid_rows_count: 1 });
});
