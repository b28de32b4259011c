import { parse } from 'lossless-json';
import { readChange } from './change-event.rules';
import { child, fieldsOf, identifier, listOf, member, momentMs, text, type Fields } from './fields.rules';
import type { EventPlace, EventSpan, InboundEvent, ParsedEvent, WebhookResult } from './inbound.types';
import { readMessagingItem } from './messaging-event.rules';
import { segmentOfEvent } from './segments.rules';
import { eventSpans } from './spans.rules';

/** The dashboard's Test button names this Page. */
const TEST_PAGE_ID = '0';

/**
 * Reads a verified webhook body. Every element of every `messaging`, `standby` and `changes` list yields exactly one
 * event, in the order of the bytes; one that is not understood yields `ignored`, and never costs its neighbours.
 *
 * @returns `ok: false` only for a body that is not an unambiguous JSON object; no events for an object that is not a Page
 */
export function parseWebhook(bytes: Buffer): WebhookResult {
  const found = eventSpans(bytes);
  if (!found.ok) return found;
  const body = fieldsOf(parse(bytes.toString('utf8')));
  if (body === null) return { ok: false, reason: 'not_an_object' };
  if (text(body, 'object') !== 'page') return { ok: true, events: [] };
  const entries = listOf(member(body, 'entry'));
  const events = found.spans.map((span, index) => readEvent(fieldsOf(entries[span.entryIndex]), span, index));
  return { ok: true, events };
}

function readEvent(entry: Fields | null, span: EventSpan, index: number): ParsedEvent {
  const pageId = identifier(entry, 'id');
  const item = fieldsOf(listOf(member(entry, span.channel))[span.element]);
  const place: EventPlace = {
    segmentIndex: segmentOfEvent(index),
    channel: span.channel,
    pageId: pageId ?? '',
    psid: null,
    atMs: null,
    entryAtMs: momentMs(entry, 'time'),
  };
  if (pageId === null) return { ...place, kind: 'ignored', reason: 'no_page' };
  if (pageId === TEST_PAGE_ID) return { ...place, kind: 'ignored', reason: 'test_page' };
  if (item === null) return { ...place, kind: 'ignored', reason: 'not_an_object' };
  return span.channel === 'changes' ? changeEvent(place, item) : messagingEvent(place, item);
}

function messagingEvent(place: EventPlace, item: Fields): ParsedEvent {
  const event = readMessagingItem(item);
  const psid = event.kind === 'echo' ? event.toPsid : identifier(child(item, 'sender'), 'id');
  const placed = { ...place, psid, atMs: momentMs(item, 'timestamp') };
  return { ...placed, ...checkSender(placed, item, event) };
}

/** Kinds that are about the Page and name no person. */
const PAGE_KINDS: ReadonlySet<InboundEvent['kind']> = new Set(['policy_enforcement', 'handover', 'ignored']);

function checkSender(place: EventPlace, item: Fields, event: InboundEvent): InboundEvent {
  if (PAGE_KINDS.has(event.kind)) return event;
  if (place.psid === place.pageId) return { kind: 'ignored', reason: 'from_page' };
  if (place.psid !== null || event.kind === 'optin_plugin') return event;
  const hasUserRef = text(child(item, 'sender'), 'user_ref') !== null;
  return { kind: 'ignored', reason: hasUserRef ? 'user_ref_only' : 'no_sender' };
}

function changeEvent(place: EventPlace, item: Fields): ParsedEvent {
  const value = child(item, 'value') ?? item;
  const event = readChange(text(item, 'field'), value);
  const psid = identifier(child(value, 'sender'), 'id') ?? identifier(value, 'recipient_id');
  const placed = { ...place, atMs: momentMs(value, 'timestamp') };
  if (event.kind === 'optout') {
    return psid === null ? { ...placed, kind: 'ignored', reason: 'no_sender' } : { ...placed, psid, ...event };
  }
  return { ...placed, psid: event.kind === 'marketing_receipt' ? psid : null, ...event };
}
