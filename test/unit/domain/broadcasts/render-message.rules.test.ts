import fc from 'fast-check';
import {
  checkMessage,
  contentSha256,
  messageShape,
  renderMessage,
} from '../../../../src/domain/broadcasts/message.rules';
import type { BroadcastMessage } from '../../../../src/domain/broadcasts/message.types';
import { InvariantError } from '../../../../src/kernel/errors';

const OPTIONS = { unsubscribePayload: 'assent:v1:unsubscribe:d1', unsubscribeTitle: 'Unsubscribe' };
const UNSUBSCRIBE = { type: 'postback', title: 'Unsubscribe', payload: 'assent:v1:unsubscribe:d1' };
const QUICK_REPLY = { content_type: 'text', title: 'Unsubscribe', payload: 'assent:v1:unsubscribe:d1' };
const link = { type: 'url', title: 'Shop', url: 'https://example.com/' } as const;
const more = { type: 'postback', title: 'More', payload: 'MORE' } as const;

describe('renderMessage', () => {
  it('sends a short text as a button template with unsubscribe as the last button', () => {
    const message: BroadcastMessage = { text: 'Hi {{first_name|there}}', buttons: [link, more] };
    expect(renderMessage(message, { ...OPTIONS, firstName: 'Ada' })).toEqual({
      attachment: {
        type: 'template',
        payload: {
          template_type: 'button',
          text: 'Hi Ada',
          buttons: [
            { type: 'web_url', title: 'Shop', url: 'https://example.com/' },
            { type: 'postback', title: 'More', payload: 'MORE' },
            UNSUBSCRIBE,
          ],
        },
      },
    });
    expect(renderMessage({ text: 'Hi' }, OPTIONS)).toMatchObject({
      attachment: { payload: { buttons: [UNSUBSCRIBE] } },
    });
  });

  it('sends a long text with a quick reply', () => {
    const text = 'x'.repeat(641);
    expect(renderMessage({ text }, OPTIONS)).toEqual({ text, quick_replies: [QUICK_REPLY] });
  });

  it('chooses the form by the longest name, the same for everybody', () => {
    const message: BroadcastMessage = { text: `{{first_name|you}}${'x'.repeat(591)}` };
    expect(messageShape(message)).toBe('quick-reply-text');
    expect(renderMessage(message, OPTIONS)).toMatchObject({ quick_replies: [QUICK_REPLY] });
    expect(messageShape({ text: `{{first_name|you}}${'x'.repeat(590)}` })).toBe('button-template');
  });

  it('sends media with a quick reply, by address or by id', () => {
    expect(renderMessage({ attachment: { type: 'image', url: 'https://a.example/a.png' } }, OPTIONS)).toEqual({
      attachment: { type: 'image', payload: { url: 'https://a.example/a.png', is_reusable: true } },
      quick_replies: [QUICK_REPLY],
    });
    expect(renderMessage({ attachment: { type: 'video', attachment_id: '17' } }, OPTIONS)).toEqual({
      attachment: { type: 'video', payload: { attachment_id: '17' } },
      quick_replies: [QUICK_REPLY],
    });
  });

  it('puts unsubscribe on every element', () => {
    const message: BroadcastMessage = {
      elements: [
        {
          title: 'For {{first_name|you}}',
          subtitle: 'S',
          image_url: 'https://a.example/i',
          url: 'https://a.example/u',
          buttons: [link],
        },
        { title: 'B' },
      ],
    };
    expect(renderMessage(message, OPTIONS)).toEqual({
      attachment: {
        type: 'template',
        payload: {
          template_type: 'generic',
          elements: [
            {
              title: 'For you',
              subtitle: 'S',
              image_url: 'https://a.example/i',
              default_action: { type: 'web_url', url: 'https://a.example/u' },
              buttons: [{ type: 'web_url', title: 'Shop', url: 'https://example.com/' }, UNSUBSCRIBE],
            },
            { title: 'B', buttons: [UNSUBSCRIBE] },
          ],
        },
      },
    });
  });

  it.each<[string, BroadcastMessage, object]>([
    ['three own buttons', { text: 'a', buttons: [link, link, link] }, {}],
    ['three buttons on an element', { elements: [{ title: 'a', buttons: [link, link, link] }] }, {}],
    ['buttons beside a long text', { text: 'x'.repeat(700), buttons: [link] }, {}],
    ['buttons beside media', { attachment: { type: 'image', attachment_id: '1' }, buttons: [link] }, {}],
    ['media from nowhere', { attachment: { type: 'image' } }, {}],
    ['a long unsubscribe title', { text: 'a' }, { unsubscribeTitle: 'x'.repeat(21) }],
    ['an empty unsubscribe title', { text: 'a' }, { unsubscribeTitle: '' }],
    ['an empty unsubscribe payload', { text: 'a' }, { unsubscribePayload: '' }],
    ['a long unsubscribe payload', { text: 'a' }, { unsubscribePayload: 'x'.repeat(1_001) }],
  ])('never sends without a working unsubscribe: %s', (_, message, options) => {
    expect(() => renderMessage(message, { ...OPTIONS, ...options })).toThrow(InvariantError);
  });

  it('renders whatever passed the check, within the limits of Meta and with unsubscribe in it', () => {
    const words = fc.oneof(
      fc.string({ maxLength: 700 }),
      fc.constantFrom('Hi {{first_name|there}}', 'x'.repeat(1_999)),
    );
    const button = fc.constantFrom(link, more);
    const buttons = fc.option(fc.array(button, { maxLength: 3 }), { nil: undefined });
    const element = fc.record({ title: fc.string({ maxLength: 90 }), buttons });
    const message: fc.Arbitrary<BroadcastMessage> = fc.oneof(
      fc.record({ text: words, buttons }),
      fc.record({ elements: fc.array(element, { maxLength: 11 }), buttons }),
      fc.record({ attachment: fc.record({ type: fc.constant('image' as const), url: fc.webUrl() }), buttons }),
    );
    let rendered = 0;
    fc.assert(
      fc.property(message, fc.string({ maxLength: 60 }), (candidate, firstName) => {
        if (checkMessage(candidate).length > 0) return;
        rendered += 1;
        const sent = JSON.stringify(renderMessage(candidate, { ...OPTIONS, firstName }));
        const places = candidate.elements?.length ?? 1;
        expect(sent.split(OPTIONS.unsubscribePayload).length - 1).toBe(places);
      }),
      { numRuns: 500 },
    );
    expect(rendered).toBeGreaterThan(50);
  });
});

describe('contentSha256', () => {
  it('is the same for the same content in another order, and without absent members', () => {
    const one = contentSha256({ text: 'a', buttons: [{ type: 'url', title: 'T', url: 'https://a.example/' }] });
    const other = contentSha256({
      elements: undefined,
      buttons: [{ url: 'https://a.example/', title: 'T', type: 'url' }],
      text: 'a',
    });
    expect(other).toBe(one);
    expect(one).toMatch(/^[0-9a-f]{64}$/);
  });

  it('is the hash of the sorted JSON', () => {
    expect(contentSha256({ text: 'Hello' })).toBe('ef73ae6a8b47cd3601ab3fad1fb8099eec54599cd43fc1b131df61bf50438a7e');
  });

  it('changes with every field and with the order of buttons', () => {
    const hashes = [
      contentSha256({ text: 'a' }),
      contentSha256({ text: 'b' }),
      contentSha256({ text: 'a', buttons: [] }),
      contentSha256({ text: 'a', buttons: [link, more] }),
      contentSha256({ text: 'a', buttons: [more, link] }),
      contentSha256({ attachment: { type: 'image', attachment_id: '1' } }),
      contentSha256({ attachment: { type: 'video', attachment_id: '1' } }),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});
