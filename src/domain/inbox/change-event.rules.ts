import { fieldsOf, listOf, member, momentMs, text, textOrDigits, type Fields } from './fields.rules';
import type { IgnoredReason, InboundEvent } from './inbound.types';

type Receipt = Extract<InboundEvent, { readonly kind: 'marketing_receipt' }>['receipt'];
type IntegrityStatus = Extract<InboundEvent, { readonly kind: 'business_integrity' }>['status'];

const RECEIPTS: ReadonlyMap<string, Receipt> = new Map([
  ['marketing_message_echoes', 'sent'],
  ['marketing_message_deliveries', 'delivered'],
  ['marketing_message_reads', 'read'],
  ['marketing_message_clicks', 'clicked'],
  ['marketing_message_delivery_failed', 'failed'],
]);

const UNUSED: ReadonlyMap<string, IgnoredReason> = new Map([
  ['feed', 'feed'],
  ['group_feed', 'feed'],
  ['mention', 'mention'],
  ['leadgen', 'leadgen'],
  ['send_cart', 'send_cart'],
  ['inbox_labels', 'inbox_labels'],
  ['messaging_integrity', 'messaging_integrity'],
  ['message_template_status_update', 'template_status'],
  ['messenger_template_status_update', 'template_status'],
  ['marketing_messages_subscriber_upload_status', 'subscriber_upload'],
]);

const INTEGRITY: ReadonlySet<string> = new Set<IntegrityStatus>(['ok', 'warning', 'restricted', 'suspended']);

/** Gives one element of `changes` its meaning. `value` is the element itself where Meta sends the flat form. */
export function readChange(field: string | null, value: Fields): InboundEvent {
  if (field === 'messaging_optouts') return { kind: 'optout' };
  if (field === 'business_integrity') return readIntegrity(value);
  const receipt = RECEIPTS.get(field ?? '');
  if (receipt !== undefined) return readReceipt(receipt, value);
  return { kind: 'ignored', reason: UNUSED.get(field ?? '') ?? 'unknown_change' };
}

function readIntegrity(value: Fields): InboundEvent {
  const status = text(value, 'status')?.toLowerCase() ?? '';
  if (!INTEGRITY.has(status)) return { kind: 'ignored', reason: 'malformed' };
  const ends = listOf(member(value, 'restrictions'))
    .map((restriction) => fieldsOf(restriction))
    .filter((restriction) => text(restriction, 'feature') === 'page_messaging')
    .map((restriction) => momentMs(restriction, 'expiration_time') ?? 0);
  const latest = Math.max(0, ...ends);
  return {
    kind: 'business_integrity',
    status: status as IntegrityStatus,
    messagingRestrictedUntilMs: latest === 0 ? null : latest,
  };
}

/** `message_id` is Meta's name for the campaign, not for a message. */
function readReceipt(receipt: Receipt, value: Fields): InboundEvent {
  return {
    kind: 'marketing_receipt',
    receipt,
    mid: textOrDigits(value, 'mid'),
    trackingId: textOrDigits(value, 'marketing_message_tracking_id'),
    campaignId: textOrDigits(value, 'message_id'),
    token: textOrDigits(value, 'messenger_subscription_token'),
    errorText: text(value, 'error_message'),
  };
}
