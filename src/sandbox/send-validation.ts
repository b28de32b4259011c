import { invalid, type GraphFault } from './graph-errors';
import type { Json } from './sandbox.types';
import { checkAttachment, checkFields, checkQuickReplies } from './template-validation';
import { isObject, listOf, textOf } from './wire-json';

/** A send body that has the right form; whether the person may be reached is decided after. */
export interface SendRequest {
  readonly psid: string;
  readonly kind: 'message' | 'sender_action';
  readonly messagingType: string;
  readonly tag: string | undefined;
  readonly message: Json;
}

const TOP_FIELDS = new Set([
  'recipient',
  'messaging_type',
  'message',
  'tag',
  'notification_type',
  'sender_action',
  'payload',
  'persona_id',
  'reply_to',
  'access_token',
  'appsecret_proof',
  'appsecret_time',
]);
const MESSAGE_FIELDS = new Set(['text', 'attachment', 'template', 'quick_replies', 'metadata']);
const RECIPIENT_FIELDS = new Set(['id', 'user_ref', 'comment_id', 'post_id']);
const MESSAGING_TYPES = new Set(['RESPONSE', 'UPDATE', 'MESSAGE_TAG', 'UTILITY']);
const NOTIFICATION_TYPES = new Set(['REGULAR', 'SILENT_PUSH', 'NO_PUSH']);
const SENDER_ACTIONS = new Set(['typing_on', 'typing_off', 'mark_seen', 'react', 'unreact']);
/** Answer error 100 since 2026-04-27. Source: messenger-platform changelog, 2026-03-27. */
const DEAD_TAGS = new Set(['CONFIRMED_EVENT_UPDATE', 'ACCOUNT_UPDATE', 'POST_PURCHASE_UPDATE']);

export function readSend(body: Json): SendRequest | GraphFault {
  const psid = recipientOf(body);
  if (typeof psid !== 'string') return psid;
  return body['sender_action'] === undefined ? readMessageSend(body, psid) : readSenderAction(body, psid);
}

function recipientOf(body: Json): string | GraphFault {
  const strange = checkFields(body, TOP_FIELDS, 'the request');
  if (strange !== undefined) return strange;
  const recipient = body['recipient'];
  if (!isObject(recipient)) return invalid('The parameter recipient is required');
  const unknown = checkFields(recipient, RECIPIENT_FIELDS, 'recipient');
  if (unknown !== undefined) return unknown;
  const id = recipient['id'];
  if (id === undefined) return invalid('No matching user found', 2018001);
  if (typeof id !== 'string') return invalid('Param recipient[id] must be a string');
  return id;
}

function readSenderAction(body: Json, psid: string): SendRequest | GraphFault {
  if (body['message'] !== undefined) return invalid('sender_action cannot be sent together with a message');
  if (!SENDER_ACTIONS.has(textOf(body['sender_action']) ?? '')) return invalid('Sender action failed', 2018048);
  return { psid, kind: 'sender_action', messagingType: 'RESPONSE', tag: undefined, message: {} };
}

function readMessageSend(body: Json, psid: string): SendRequest | GraphFault {
  const message = body['message'];
  if (!isObject(message)) return invalid('Message cannot be empty, must provide valid attachment or text', 2018034);
  const messagingType = textOf(body['messaging_type']) ?? '';
  if (messagingType === '') return invalid('The parameter messaging_type is required');
  if (!MESSAGING_TYPES.has(messagingType)) return invalid('Param messaging_type must be one of the known types');
  const tag = textOf(body['tag']);
  const fault = checkTag(messagingType, tag) ?? checkSideFields(body) ?? checkMessage(message, messagingType, body);
  return fault ?? { psid, kind: 'message', messagingType, tag, message };
}

function checkTag(messagingType: string, tag: string | undefined): GraphFault | undefined {
  if (messagingType !== 'MESSAGE_TAG') {
    return tag === undefined ? undefined : invalid('tag needs messaging_type MESSAGE_TAG');
  }
  if (tag === undefined) return invalid('The parameter tag is required');
  if (DEAD_TAGS.has(tag)) return invalid('Invalid parameter');
  return tag === 'HUMAN_AGENT' ? undefined : invalid('Invalid tag.');
}

function checkSideFields(body: Json): GraphFault | undefined {
  const notification = body['notification_type'];
  if (notification !== undefined && !NOTIFICATION_TYPES.has(textOf(notification) ?? '')) {
    return invalid('Param notification_type must be one of {REGULAR, SILENT_PUSH, NO_PUSH}');
  }
  const replyTo = body['reply_to'];
  if (replyTo === undefined || (isObject(replyTo) && typeof replyTo['mid'] === 'string')) return undefined;
  return invalid('Param reply_to must be an object with a mid');
}

function checkMessage(message: Json, messagingType: string, body: Json): GraphFault | undefined {
  const unknown = checkFields(message, MESSAGE_FIELDS, 'message');
  if (unknown !== undefined) return unknown;
  if (body['payload'] !== undefined) return invalid('payload belongs to a sender_action');
  return checkMetadata(message['metadata']) ?? checkContent(message, messagingType) ?? checkReplies(message);
}

function checkMetadata(metadata: unknown): GraphFault | undefined {
  if (metadata === undefined) return undefined;
  if (typeof metadata !== 'string') return invalid('Param message[metadata] must be a string');
  return metadata.length >= 1000 ? invalid('Length of param message[metadata] must be less than 1000') : undefined;
}

function checkContent(message: Json, messagingType: string): GraphFault | undefined {
  const { text, attachment, template } = message;
  const given = [text, attachment, template].filter((part) => part !== undefined).length;
  if (given === 0) return invalid('Message cannot be empty, must provide valid attachment or text', 2018034);
  if (given > 1) return invalid('Only one of text, attachment and template can be sent');
  if ((template !== undefined) !== (messagingType === 'UTILITY')) {
    return invalid('messaging_type UTILITY and message[template] need each other');
  }
  if (template !== undefined) return checkUtilityTemplate(template);
  return text === undefined ? checkAttachment(attachment) : checkText(text);
}

function checkText(text: unknown): GraphFault | undefined {
  if (typeof text !== 'string') return invalid('Param message[text] must be a string');
  if (text.trim() === '') return invalid('Message cannot be empty, must provide valid attachment or text', 2018034);
  return text.length >= 2000 ? invalid('Length of param message[text] must be less than 2000') : undefined;
}

function checkUtilityTemplate(template: unknown): GraphFault | undefined {
  if (!isObject(template) || typeof template['name'] !== 'string') return invalid('Param template[name] is required');
  const language = template['language'];
  if (!isObject(language) || typeof language['code'] !== 'string') {
    return invalid('Param template[language][code] is required');
  }
  return checkFields(template, new Set(['name', 'language', 'components']), 'template');
}

function checkReplies(message: Json): GraphFault | undefined {
  const replies = message['quick_replies'];
  if (replies === undefined) return undefined;
  return Array.isArray(replies) ? checkQuickReplies(listOf(replies)) : invalid('quick_replies must be an array');
}
