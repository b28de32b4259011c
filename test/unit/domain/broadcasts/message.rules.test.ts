import { checkMessage } from '../../../../src/domain/broadcasts/message.rules';
import type { BroadcastMessage } from '../../../../src/domain/broadcasts/message.types';

const pointers = (message: BroadcastMessage) => checkMessage(message).map((error) => error.pointer);
const detail = (message: BroadcastMessage) => checkMessage(message)[0]?.detail ?? '';
const link = (title = 'Shop', url = 'https://example.com/') => ({ type: 'url', title, url }) as const;
const reply = (payload: string, title = 'More') => ({ type: 'postback', title, payload }) as const;

describe('checkMessage', () => {
  it.each<[string, BroadcastMessage]>([
    ['a text', { text: 'Hello' }],
    ['a text with two buttons', { text: 'Hello {{first_name|there}}', buttons: [link(), reply('MORE')] }],
    ['640 characters with a button', { text: 'x'.repeat(640), buttons: [link()] }],
    ['1999 characters', { text: 'x'.repeat(1_999) }],
    ['an image by address', { attachment: { type: 'image', url: 'https://example.com/a.png' } }],
    ['a video by id', { attachment: { type: 'video', attachment_id: '1745504518999123' } }],
    [
      'an empty list of buttons beside an image',
      { attachment: { type: 'image', url: 'https://a.example/' }, buttons: [] },
    ],
    ['ten elements', { elements: Array.from({ length: 10 }, () => ({ title: 'A', buttons: [link(), link()] })) }],
    ['line breaks, tabs and emoji', { text: 'a\nb\tc 👩‍👩‍👧' }],
  ])('accepts %s', (_, message) => {
    expect(checkMessage(message)).toEqual([]);
  });

  it('needs exactly one kind of content', () => {
    expect(pointers({})).toEqual(['/message']);
    expect(pointers({ buttons: [link()] })).toEqual(['/message']);
    expect(pointers({ text: 'a', attachment: { type: 'image', url: 'https://a.example/' }, elements: [] })).toEqual([
      '/message/attachment',
      '/message/elements',
    ]);
  });

  it.each<[string, BroadcastMessage, string, string]>([
    ['an empty text', { text: ' \n ' }, '/message/text', 'empty'],
    ['2000 characters', { text: 'x'.repeat(2_000) }, '/message/text', '1999'],
    ['1000 emoji, which are 2000 UTF-16 units', { text: '😀'.repeat(1_000) }, '/message/text', '1999'],
    ['641 characters with a button', { text: 'x'.repeat(641), buttons: [link()] }, '/message/text', '640'],
    ['a NUL', { text: 'a\0b' }, '/message/text', 'control'],
    ['half a character', { text: 'a\ud83d' }, '/message/text', 'half'],
    ['a placeholder without fall-back', { text: '{{first_name|}}' }, '/message/text', 'fall-back'],
    ['an unknown placeholder', { text: '{{email|x}}' }, '/message/text', 'first_name'],
    ['three buttons', { text: 'a', buttons: [link(), link(), link()] }, '/message/buttons', 'unsubscribe'],
    ['a title of 21', { text: 'a', buttons: [link('x'.repeat(21))] }, '/message/buttons/0/title', '20'],
    ['an empty title', { text: 'a', buttons: [link(), link(' ')] }, '/message/buttons/1/title', 'empty'],
    [
      'a personalised title',
      { text: 'a', buttons: [link('{{first_name|x}}')] },
      '/message/buttons/0/title',
      'personalised',
    ],
    ['http', { text: 'a', buttons: [link('x', 'http://example.com/')] }, '/message/buttons/0/url', 'https'],
    ['javascript', { text: 'a', buttons: [link('x', 'javascript:alert(1)')] }, '/message/buttons/0/url', 'https'],
    ['no address', { text: 'a', buttons: [link('x', 'example.com')] }, '/message/buttons/0/url', 'address'],
    [
      'an address with a space',
      { text: 'a', buttons: [link('x', 'https://a.example/ b')] },
      '/message/buttons/0/url',
      'address',
    ],
    ['a password', { text: 'a', buttons: [link('x', 'https://a:b@c.example/')] }, '/message/buttons/0/url', 'password'],
    [
      'a name in an address',
      { text: 'a', buttons: [link('x', 'https://a.example/{{first_name|x}}')] },
      '/message/buttons/0/url',
      'personalised',
    ],
    [
      'a long address',
      { text: 'a', buttons: [link('x', `https://a.example/${'x'.repeat(2_000)}`)] },
      '/message/buttons/0/url',
      '2000',
    ],
    ['an empty payload', { text: 'a', buttons: [reply('')] }, '/message/buttons/0/payload', 'empty'],
    ['a payload of 1001', { text: 'a', buttons: [reply('x'.repeat(1_001))] }, '/message/buttons/0/payload', '1000'],
    [
      'a payload of ours',
      { text: 'a', buttons: [reply('Assent:v1:subscribe')] },
      '/message/buttons/0/payload',
      'reserved',
    ],
    ['a payload with a NUL', { text: 'a', buttons: [reply('a\0')] }, '/message/buttons/0/payload', 'control'],
    [
      'an image with a button',
      { attachment: { type: 'image', url: 'https://a.example/' }, buttons: [link()] },
      '/message/buttons',
      'elements',
    ],
    ['an image without address', { attachment: { type: 'image' } }, '/message/attachment', 'url'],
    [
      'an image given twice',
      { attachment: { type: 'image', url: 'https://a.example/', attachment_id: '1' } },
      '/message/attachment/attachment_id',
      'url',
    ],
    [
      'an odd id',
      { attachment: { type: 'image', attachment_id: 'm_1' } },
      '/message/attachment/attachment_id',
      'digits',
    ],
    [
      'an image over http',
      { attachment: { type: 'image', url: 'http://a.example/' } },
      '/message/attachment/url',
      'https',
    ],
    ['no elements', { elements: [] }, '/message/elements', '1'],
    ['eleven elements', { elements: Array.from({ length: 11 }, () => ({ title: 'A' })) }, '/message/elements', '10'],
    ['buttons beside elements', { elements: [{ title: 'A' }], buttons: [link()] }, '/message/buttons', 'elements'],
    [
      'an element title of 81',
      { elements: [{ title: 'A' }, { title: 'x'.repeat(81) }] },
      '/message/elements/1/title',
      '80',
    ],
    [
      'a subtitle of 81',
      { elements: [{ title: 'A', subtitle: 'x'.repeat(81) }] },
      '/message/elements/0/subtitle',
      '80',
    ],
    [
      'a picture over http',
      { elements: [{ title: 'A', image_url: 'http://a.example/' }] },
      '/message/elements/0/image_url',
      'https',
    ],
    [
      'a card link over http',
      { elements: [{ title: 'A', url: 'http://a.example/' }] },
      '/message/elements/0/url',
      'https',
    ],
    [
      'an element with three buttons',
      { elements: [{ title: 'A', buttons: [link(), link(), link()] }] },
      '/message/elements/0/buttons',
      'unsubscribe',
    ],
    [
      'an element button with a long title',
      { elements: [{ title: 'A', buttons: [link('x'.repeat(21))] }] },
      '/message/elements/0/buttons/0/title',
      '20',
    ],
  ])('refuses %s', (_, message, pointer, word) => {
    expect(pointers(message)).toEqual([pointer]);
    expect(detail(message)).toContain(word);
  });

  it('counts the longest name and says so', () => {
    const text = (filler: number): BroadcastMessage => ({
      text: `{{first_name|you}}${'x'.repeat(filler)}`,
      buttons: [link()],
    });
    expect(checkMessage(text(590))).toEqual([]);
    expect(pointers(text(591))).toEqual(['/message/text']);
    expect(detail(text(591))).toContain('counted as 50');
  });

  it('lists every wrong field at once', () => {
    expect(pointers({ text: '', buttons: [link('', 'http://a.example/'), reply('')] })).toEqual([
      '/message/text',
      '/message/buttons/0/title',
      '/message/buttons/0/url',
      '/message/buttons/1/payload',
    ]);
  });
});
