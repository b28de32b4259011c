import { causeOf, eventMac } from '../../../../src/domain/inbox/event-key.rules';
import type { InboundEvent, ParsedEvent } from '../../../../src/domain/inbox/inbound.types';

const dek = Buffer.alloc(32, 7);
const at = (event: InboundEvent, more: Partial<ParsedEvent> = {}): ParsedEvent =>
  ({
    segmentIndex: 1,
    channel: 'messaging',
    pageId: '1',
    psid: '2',
    atMs: 1_000,
    entryAtMs: 2_000,
    ...event,
    ...more,
  }) as ParsedEvent;
const mac = (event: ParsedEvent): string => eventMac(dek, event).toString('hex');
const reaction = (action: 'react' | 'unreact'): InboundEvent => ({ kind: 'reaction', mid: 'm', action });
const postback = (mid: string | null, payload: string): InboundEvent => ({
  kind: 'postback',
  mid,
  payload,
  title: null,
  referral: null,
});

test('the same event has the same mark wherever it lies, and another key makes another', () => {
  const event = at({ kind: 'message_deleted', mid: 'm' });
  expect(mac({ ...event, segmentIndex: 9, entryAtMs: 5, atMs: 8 })).toBe(mac(event));
  expect(eventMac(Buffer.alloc(32, 8), event).toString('hex')).not.toBe(mac(event));
  expect(eventMac(dek, event)).toHaveLength(16);
});

test('different events have different marks', () => {
  const events = [
    at({ kind: 'message_deleted', mid: 'm' }),
    at({ kind: 'message_deleted', mid: 'n' }),
    at({ kind: 'message_deleted', mid: 'm' }, { channel: 'standby' }),
    at({ kind: 'message_edit', mid: 'm', text: null, editNumber: 1 }),
    at({ kind: 'message_edit', mid: 'm', text: null, editNumber: 2 }),
    at(reaction('react')),
    at(reaction('unreact')),
    at(reaction('react'), { atMs: 1_001 }),
    at(postback('m', 'a')),
    at(postback('n', 'a')),
    at(postback(null, 'a')),
    at(postback(null, 'b')),
    at(postback(null, 'a'), { atMs: 1_001 }),
    at({ kind: 'referral', referral: { ref: 'a', source: 'ads', type: null, adId: null } }),
    at({ kind: 'referral', referral: { ref: 'b', source: 'ads', type: null, adId: null } }),
    at({ kind: 'optin_plugin', ref: 'a', userRef: null }),
    at({ kind: 'optin_plugin', ref: 'a', userRef: 'u' }),
    at({ kind: 'optout' }),
    at({ kind: 'optout' }, { atMs: null }),
  ];
  expect(new Set(events.map(mac)).size).toBe(events.length);
});

test('a cause is a UUID of version 4 and the same for the same mark', () => {
  const mark = eventMac(dek, at({ kind: 'optout' }));
  expect(causeOf(mark)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(causeOf(mark)).toBe(causeOf(eventMac(dek, at({ kind: 'optout' }))));
});
