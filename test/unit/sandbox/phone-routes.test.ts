import { Script } from 'node:vm';
import { PHONE_SCRIPT } from '../../../src/sandbox/phone-assets';
import { Rig, until, type Reply } from './sandbox-harness';

let rig: Rig;
beforeEach(async () => {
  rig = await Rig.open({ deliveries: false });
});
afterEach(() => rig.close());

async function choose(name: string, ref?: string): Promise<{ location: string; person: string }> {
  const form = new URLSearchParams({ page: rig.page.id, name, ...(ref === undefined ? {} : { ref }) });
  const reply = await rig.request('/phone/choose', { method: 'POST', body: form });
  expect(reply.status).toBe(303);
  const location = reply.headers.get('location')!;
  return { location, person: new URL(location, 'http://x').searchParams.get('person')! };
}
const tap = (person: string, body: object): Promise<Reply> =>
  rig.post('/phone/act', { page: rig.page.id, person, ...body });
const thread = async (person: string): Promise<string> =>
  String((await rig.request(`/phone/thread?page=${rig.page.id}&person=${person}`)).body);
const psidOf = (name: string): string => rig.server.sandbox.state().people.find((person) => person.name === name)!.psid;
const template = (buttons: object[]): object => ({
  attachment: { type: 'template', payload: { template_type: 'button', text: 'Offer <b>', buttons } },
});

describe('the phone', () => {
  it('has a script that parses', () => {
    expect(() => new Script(PHONE_SCRIPT)).not.toThrow();
  });

  it('is a page of its own origin with no script or style inside', async () => {
    const { location } = await choose('ann');
    const reply = await rig.request(location.replace('/sandbox', ''));
    const html = String(reply.body);
    expect(reply.headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(html).toContain('src="/sandbox/phone/phone.js"');
    expect(html).not.toMatch(/<script>|<style| style=| on[a-z]+=/);
    for (const id of ['thread', 'compose', 'send']) expect(html).toContain(`data-testid="${id}"`);
    expect((await rig.request('/phone/phone.js')).headers.get('content-type')).toContain('javascript');
    expect((await rig.request('/phone/phone.css')).headers.get('content-type')).toContain('text/css');
  });

  it('starts with Get Started, carrying the ref of an m.me link, once', async () => {
    await rig.graph('POST', '/me/messenger_profile', { get_started: { payload: 'GO' } });
    const { person, location } = await choose('ann', 'poster');
    expect(location).toContain('ref=poster');
    expect(await thread(person)).toContain('data-testid="start"');
    expect((await tap(person, { act: 'start', ref: 'poster' })).status).toBe(200);
    await until(() => rig.hook.items.length === 1);
    expect(rig.hook.items[0]).toMatchObject({ postback: { payload: 'GO', referral: { ref: 'poster' } } });
    expect(await thread(person)).not.toContain('data-testid="start"');
    expect((await tap(person, { act: 'start' })).status).toBe(409);
    await tap(person, { act: 'referral', ref: 'later' });
    await until(() => rig.hook.having('referral').length === 1);
  });

  it('keeps page-scoped ids, names and payloads out of its URLs and its markup', async () => {
    const { person, location } = await choose('annabel');
    await tap(person, { act: 'text', text: 'hi' });
    const psid = psidOf('annabel');
    await rig.send({
      recipient: { id: psid },
      messaging_type: 'RESPONSE',
      message: template([{ type: 'postback', title: 'Stop', payload: 'secret-payload' }]),
    });
    expect(location).not.toContain('annabel');
    const html = await thread(person);
    expect(html).not.toContain(psid);
    expect(html).not.toContain('secret-payload');
  });

  it('shows buttons, escapes everything, and turns a tap into the postback of the stored message', async () => {
    const { person } = await choose('ann');
    await tap(person, { act: 'text', text: '<img src=x onerror=alert(1)> "\'&' });
    const buttons = [
      { type: 'web_url', title: 'Open', url: 'https://example.com/?a="><script>' },
      { type: 'postback', title: 'Stop <now>', payload: 'STOP' },
    ];
    const sent = await rig.send({
      recipient: { id: psidOf('ann') },
      messaging_type: 'RESPONSE',
      message: template(buttons),
    });
    const { message_id: mid } = sent.body as { message_id: string };
    const html = await thread(person);
    expect(html).not.toMatch(/<img|<script|<b>|<now>/);
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt; &quot;&#39;&amp;');
    expect(html).toContain('data-testid="button-0" href="https://example.com/?a=&quot;&gt;&lt;script&gt;"');
    expect(html).toContain('data-testid="button-1"');
    await tap(person, { act: 'tap', mid, element: -1, index: 1 });
    await until(() => rig.hook.having('postback').length === 1);
    expect(rig.hook.having('postback')[0]).toMatchObject({ postback: { title: 'Stop <now>', payload: 'STOP' } });
    expect((await tap(person, { act: 'tap', mid, element: -1, index: 0 })).status).toBe(409);
    expect((await tap(person, { act: 'tap', mid: 'm_none', element: -1, index: 0 })).status).toBe(409);
  });

  it('shows elements with their buttons, and a picture as a labelled box', async () => {
    const { person } = await choose('ann');
    await tap(person, { act: 'text', text: 'hi' });
    const element = {
      title: 'Mug',
      subtitle: 'Blue',
      image_url: 'https://example.com/mug.png',
      buttons: [{ type: 'postback', title: 'Buy', payload: 'BUY' }],
    };
    const payload = { template_type: 'generic', elements: [element, { ...element, title: 'Cup' }] };
    const message = { attachment: { type: 'template', payload } };
    const sent = await rig.send({ recipient: { id: psidOf('ann') }, messaging_type: 'RESPONSE', message });
    const html = await thread(person);
    expect(html.match(/data-testid="element-/g)).toHaveLength(2);
    expect(html).toContain('role="img" aria-label="image"');
    expect(html).not.toContain('mug.png');
    const { message_id: mid } = sent.body as { message_id: string };
    await tap(person, { act: 'tap', mid, element: 1, index: 0 });
    await until(() => rig.hook.having('postback').length === 1);
  });

  it('offers quick replies under the last message only', async () => {
    const { person } = await choose('ann');
    await tap(person, { act: 'text', text: 'hi' });
    const quick = [{ content_type: 'text', title: 'Yes', payload: 'YES' }];
    const sent = await rig.text(psidOf('ann'), 'Well?', { quick_replies: quick });
    const { message_id: mid } = sent.body as { message_id: string };
    expect(await thread(person)).toContain('data-testid="quick-reply"');
    expect((await tap(person, { act: 'quick_reply', mid, index: 0 })).status).toBe(200);
    await until(() => JSON.stringify(rig.hook.items).includes('"quick_reply":{"payload":"YES"}'));
    expect(await thread(person)).not.toContain('data-testid="quick-reply"');
    expect((await tap(person, { act: 'quick_reply', mid, index: 0 })).status).toBe(409);
  });

  it('shows the persistent menu and its taps', async () => {
    await rig.graph('POST', '/me/messenger_profile', {
      get_started: { payload: 'GO' },
      persistent_menu: [
        { locale: 'default', call_to_actions: [{ type: 'postback', title: 'Stop messages', payload: 'MENU_STOP' }] },
      ],
    });
    const { person } = await choose('ann');
    expect(await thread(person)).not.toContain('data-testid="menu"');
    await tap(person, { act: 'start' });
    expect(await thread(person)).toContain('data-testid="menu"');
    await tap(person, { act: 'menu', index: 0 });
    await until(() => rig.hook.having('postback').length === 2);
    expect(rig.hook.having('postback')[1]).toMatchObject({ postback: { payload: 'MENU_STOP' } });
  });

  it('reads, reacts and blocks', async () => {
    const { person } = await choose('ann');
    await tap(person, { act: 'text', text: 'hi' });
    await rig.text(psidOf('ann'), 'hello');
    await tap(person, { act: 'read' });
    await until(() => rig.hook.having('read').length === 1);
    expect((await tap(person, { act: 'read' })).status).toBe(200);
    expect(rig.server.sandbox.state().totals.webhooks.events).toBe(3);
    await tap(person, { act: 'block' });
    expect(await thread(person)).toContain('data-testid="blocked"');
    expect(await rig.text(psidOf('ann'))).toMatchObject({ body: { error: { code: 551 } } });
  });

  it('does not know a person of another Page or a made-up handle', async () => {
    expect((await tap('made-up', { act: 'text', text: 'x' })).status).toBe(404);
    expect((await rig.request(`/phone/thread?page=${rig.page.id}&person=made-up`)).status).toBe(404);
    expect((await rig.post('/phone/act', { nonsense: true })).status).toBe(400);
  });
});
