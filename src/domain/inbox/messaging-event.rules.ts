import { isLosslessNumber } from 'lossless-json';
import {
  child,
  fieldsOf,
  identifier,
  listOf,
  member,
  momentMs,
  text,
  textOrDigits,
  wholeNumber,
  type Fields,
} from './fields.rules';
import type { IgnoredReason, InboundEvent } from './inbound.types';
import { readMessage } from './message-event.rules';
import { readOptin } from './optin-event.rules';
import { readReferral } from './referral.rules';

type Reader = (value: Fields, item: Fields) => InboundEvent;

const MALFORMED: InboundEvent = { kind: 'ignored', reason: 'malformed' };
const ignored =
  (reason: IgnoredReason): Reader =>
  () => ({ kind: 'ignored', reason });
const optout: Reader = () => ({ kind: 'optout' });

/**
 * One reader for each key by which Meta marks what an item is; the first that the item has decides. No page documents
 * the payload of `messaging_optouts`, so every spelling of the key is an opt-out of the sender, whatever is inside.
 */
const READERS: readonly (readonly [key: string, read: Reader])[] = [
  ['optout', optout],
  ['opt_out', optout],
  ['optouts', optout],
  ['messaging_optout', optout],
  ['messaging_optouts', optout],
  ['message', readMessage],
  ['postback', readPostback],
  ['optin', readOptin],
  ['reaction', readReaction],
  ['message_edit', readEdit],
  ['delivery', readDelivery],
  ['read', readRead],
  ['policy_enforcement', readPolicy],
  ['policy-enforcement', readPolicy],
  ['account_linking', readLinking],
  ['pass_thread_control', handover('pass')],
  ['take_thread_control', handover('take')],
  ['request_thread_control', handover('request')],
  ['app_roles', handover('app_roles')],
  ['referral', (value) => ({ kind: 'referral', referral: readReferral(value) })],
  ['response_feedback', ignored('response_feedback')],
  ['messaging_feedback', ignored('messaging_feedback')],
  ['game_play', ignored('game_play')],
  ['lead', ignored('lead_form')],
  ['message_request', ignored('message_request')],
  ['appointment', ignored('appointment')],
  ['messaging_customer_information', ignored('customer_information')],
  ['send_cart', ignored('send_cart')],
];

const NO_FIELDS: Fields = {};

/** Gives one item of `messaging` or `standby` its meaning, without regard to who sent it. */
export function readMessagingItem(item: Fields): InboundEvent {
  const found = READERS.find(([key]) => member(item, key) !== undefined);
  if (found === undefined) return { kind: 'ignored', reason: 'unknown_messaging' };
  const [key, read] = found;
  const value = child(item, key);
  if (value !== null) return read(value, item);
  const event = read(NO_FIELDS, item);
  return event.kind === 'optout' || event.kind === 'ignored' ? event : MALFORMED;
}

function readPostback(value: Fields): InboundEvent {
  const referral = child(value, 'referral');
  return {
    kind: 'postback',
    mid: textOrDigits(value, 'mid'),
    payload: text(value, 'payload'),
    title: text(value, 'title'),
    referral: referral === null ? null : readReferral(referral),
  };
}

function readReaction(value: Fields): InboundEvent {
  const action = text(value, 'action');
  if (action !== 'react' && action !== 'unreact') return MALFORMED;
  return { kind: 'reaction', mid: textOrDigits(value, 'mid'), action };
}

function readEdit(value: Fields): InboundEvent {
  const mid = textOrDigits(value, 'mid');
  if (mid === null) return MALFORMED;
  return { kind: 'message_edit', mid, text: text(value, 'text'), editNumber: wholeNumber(value, 'num_edit') };
}

function readDelivery(value: Fields): InboundEvent {
  const watermarkMs = momentMs(value, 'watermark');
  const mids = listOf(member(value, 'mids')).flatMap((mid) => digitsOrText(mid));
  return watermarkMs === null && mids.length === 0 ? MALFORMED : { kind: 'delivery', watermarkMs, mids };
}

function digitsOrText(value: unknown): readonly string[] {
  if (isLosslessNumber(value)) return [value.value];
  return typeof value === 'string' && value !== '' ? [value] : [];
}

function readRead(value: Fields): InboundEvent {
  const watermarkMs = momentMs(value, 'watermark');
  return watermarkMs === null ? MALFORMED : { kind: 'read', watermarkMs };
}

function readPolicy(value: Fields): InboundEvent {
  const action = text(value, 'action');
  if (action !== 'warning' && action !== 'block' && action !== 'unblock') return MALFORMED;
  return { kind: 'policy_enforcement', action, reason: text(value, 'reason') };
}

function readLinking(value: Fields): InboundEvent {
  const status = text(value, 'status');
  return status === 'linked' || status === 'unlinked' ? { kind: 'account_linking', status } : MALFORMED;
}

function handover(change: 'pass' | 'take' | 'request' | 'app_roles'): Reader {
  return (value) => {
    const owners = fieldsOf(change === 'app_roles' ? null : value);
    return {
      kind: 'handover',
      change,
      previousOwnerAppId: identifier(owners, 'previous_owner_app_id'),
      newOwnerAppId: identifier(owners, 'new_owner_app_id'),
      requestedOwnerAppId: identifier(owners, 'requested_owner_app_id'),
    };
  };
}
