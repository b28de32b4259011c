import { actOf, type Word } from '../../../../src/domain/inbox/act-of-event';
import type { EventPlace, InboundEvent, ParsedEvent, Referral } from '../../../../src/domain/inbox/inbound.types';

const RECEIVED = new Date('2026-11-23T12:00:00.000Z');
const AT = RECEIVED.getTime() - 5_000;
const PLACE: EventPlace = {
  segmentIndex: 1,
  channel: 'messaging',
  pageId: '1',
  psid: '2',
  atMs: AT,
  entryAtMs: AT + 1,
};
const MESSAGE: InboundEvent = {
  kind: 'message',
  mid: 'm',
  text: 'hello',
  quickReplyPayload: null,
  attachments: [],
  referral: null,
  replyToMid: null,
  hasSticker: false,
  isUnsupported: false,
};
const POSTBACK: InboundEvent = { kind: 'postback', mid: 'm', payload: null, title: null, referral: null };
const LINK: Referral = { ref: 'spring', source: 'shortlink', type: null, adId: null };
const AD: Referral = { ref: null, source: 'none', type: null, adId: '6045' };
const marketing = (status: 'granted' | 'renewed' | 'stopped' | 'resumed'): InboundEvent => ({
  kind: 'marketing_optin',
  status,
  token: 't',
  tokenStatus: null,
  expiresAtMs: null,
  title: null,
  payload: null,
});

const read = (event: Partial<ParsedEvent> & InboundEvent, word: Word = null) =>
  actOf({ ...PLACE, ...event }, RECEIVED, word);
const brief = (event: Partial<ParsedEvent> & InboundEvent, word: Word = null) => {
  const person = read(event, word);
  if (person === null) return null;
  const { act } = person;
  const via = act.kind === 'stop' || act.kind === 'explicit' ? act.via : act.startedBy;
  return `${act.kind} ${via}${act.creates ? ' creates' : ''}${person.opensWindow ? ' window' : ''}`;
};

test.each<[string, Partial<ParsedEvent> & InboundEvent, Word, string | null]>([
  ['a message', MESSAGE, null, 'ordinary first_message creates window'],
  ['STOP', MESSAGE, 'stop', 'stop keyword creates window'],
  ['START', MESSAGE, 'start', 'explicit keyword creates window'],
  ['STOP in standby', { ...MESSAGE, channel: 'standby' }, 'stop', 'stop keyword creates window'],
  ['START in standby', { ...MESSAGE, channel: 'standby' }, 'start', 'ordinary first_message window'],
  ['a message in standby', { ...MESSAGE, channel: 'standby' }, null, 'ordinary first_message window'],
  ['a message from a link', { ...MESSAGE, referral: LINK }, null, 'ordinary referral creates window'],
  ['a message from an ad', { ...MESSAGE, referral: AD }, null, 'ordinary ad creates window'],
  [
    'yes as a quick reply',
    { ...MESSAGE, quickReplyPayload: 'assent:v1:consent:yes' },
    null,
    'explicit quick_reply creates window',
  ],
  ['a title that says yes, typed', MESSAGE, 'erase_yes', 'stop keyword creates window'],
  ['a title that says no, typed', MESSAGE, 'erase_no', 'ordinary first_message creates window'],
  [
    'an edit to a title that says yes',
    { kind: 'message_edit', mid: 'm', text: 'Delete everything', editNumber: 1 },
    'erase_yes',
    'stop keyword',
  ],
  ['a quick reply of others', { ...MESSAGE, quickReplyPayload: 'PICK_RED' }, 'stop', 'stop keyword creates window'],
  ['no thanks', { ...POSTBACK, payload: 'assent:v1:consent:no' }, null, 'stop postback creates window'],
  ['unsubscribe', { ...POSTBACK, payload: 'assent:v1:unsubscribe' }, null, 'stop postback creates window'],
  ['subscribe again', { ...POSTBACK, payload: 'assent:v1:subscribe' }, null, 'explicit button creates window'],
  ['Get Started', { ...POSTBACK, payload: 'assent:v1:start' }, null, 'get_started get_started creates window'],
  [
    'Get Started from a link',
    { ...POSTBACK, payload: 'assent:v1:start', referral: LINK },
    null,
    'get_started referral creates window',
  ],
  ['a postback of another program', { ...POSTBACK, payload: 'MENU' }, null, 'ordinary first_message creates window'],
  ['a postback in standby', { ...POSTBACK, channel: 'standby' }, null, 'ordinary first_message window'],
  ['a link in a thread', { kind: 'referral', referral: LINK }, null, 'ordinary referral creates window'],
  ['a plugin', { kind: 'optin_plugin', ref: 'r', userRef: null }, null, 'ordinary optin_plugin creates'],
  ['marketing granted', marketing('granted'), null, 'explicit marketing_optin creates'],
  ['marketing renewed', marketing('renewed'), null, 'explicit marketing_optin creates'],
  ['marketing resumed', marketing('resumed'), null, 'explicit marketing_optin creates'],
  ['marketing stopped', marketing('stopped'), null, 'stop meta_stop creates'],
  ['opt-out of Meta', { kind: 'optout' }, null, 'stop meta_stop creates'],
  ['a reaction', { kind: 'reaction', mid: 'm', action: 'react' }, null, 'ordinary first_message window'],
  ['a reaction taken back', { kind: 'reaction', mid: 'm', action: 'unreact' }, null, 'ordinary first_message'],
  ['an edit to STOP', { kind: 'message_edit', mid: 'm', text: 'stop', editNumber: 1 }, 'stop', 'stop keyword'],
  ['an edit to START', { kind: 'message_edit', mid: 'm', text: 'start', editNumber: 1 }, 'start', null],
  ['a deletion', { kind: 'message_deleted', mid: 'm' }, null, null],
  ['account linking', { kind: 'account_linking', status: 'linked' }, null, null],
])('%s', (_name, event, word, expected) => {
  expect(brief(event, word)).toBe(expected);
});

test('only typed or sent messages hold words of the person', () => {
  expect(read(MESSAGE)!.act.hasWords).toBe(true);
  expect(read({ ...MESSAGE, text: null })!.act.hasWords).toBe(true);
  expect(read({ ...MESSAGE, quickReplyPayload: 'assent:v1:consent:yes' })!.act.hasWords).toBe(false);
  expect(read({ ...POSTBACK, payload: 'assent:v1:start' })!.act.hasWords).toBe(false);
});

test("time: the event's own, else that of its entry, else that of arrival", () => {
  expect(read(MESSAGE)!.act.at.getTime()).toBe(AT);
  expect(read({ ...MESSAGE, atMs: null })!.act.at.getTime()).toBe(AT + 1);
  expect(read({ ...MESSAGE, atMs: null, entryAtMs: null })!.act.at).toEqual(RECEIVED);
});

test('a ref is kept as text that can be written, and cut', () => {
  const withRef = (ref: string) => read({ kind: 'referral', referral: { ...LINK, ref } })!.ref;
  expect(withRef('spring')).toBe('spring');
  expect(withRef('half \ud83d')).toBe('half \ufffd');
  expect(withRef('x'.repeat(5_000))).toHaveLength(2_083);
});

test('a typed title answers the question; a look on at the thread does not, and a button of others only asks', () => {
  const said = (event: Partial<ParsedEvent> & InboundEvent, word: Word) => {
    const { asksForErasure, confirmsErasure, keepsMark } = read(event, word)!;
    return { asksForErasure, confirmsErasure, keepsMark };
  };
  const nothing = { asksForErasure: false, confirmsErasure: null, keepsMark: false };
  expect(said(MESSAGE, 'erase')).toEqual({ ...nothing, asksForErasure: true });
  expect(said(MESSAGE, 'erase_yes')).toEqual({ ...nothing, confirmsErasure: 'typed' });
  expect(said(MESSAGE, 'erase_and_mark')).toEqual({ ...nothing, confirmsErasure: 'typed', keepsMark: true });
  expect(said(MESSAGE, 'erase_no')).toEqual(nothing);
  expect(said({ ...MESSAGE, channel: 'standby' }, 'erase_yes')).toEqual(nothing);
  const edit: InboundEvent = { kind: 'message_edit', mid: 'm', text: 'Delete everything', editNumber: 1 };
  expect(said(edit, 'erase_yes')).toEqual(nothing);
  const ofOthers = { ...MESSAGE, quickReplyPayload: 'EMPTY_BASKET' };
  expect(said(ofOthers, 'erase_yes')).toEqual({ ...nothing, asksForErasure: true });
  expect(said({ ...POSTBACK, payload: 'assent:v1:erase:mark' }, null)).toEqual({
    ...nothing,
    confirmsErasure: 'tapped',
    keepsMark: true,
  });
});

test('what a tap carries', () => {
  const id = '11111111-1111-4111-8111-111111111111';
  expect(read({ ...POSTBACK, payload: `assent:v1:unsubscribe:${id}` })!.deliveryUuid).toBe(id);
  expect(read({ ...POSTBACK, payload: "assent:v1:unsubscribe:' or true" })).toMatchObject({
    deliveryUuid: null,
    act: { kind: 'stop' },
  });
  expect(read({ ...POSTBACK, payload: 'assent:v1:notice' })!.asksForNotice).toBe(true);
  expect(read({ ...MESSAGE, referral: AD })!.isFromAd).toBe(true);
});
