import { invalid, type GraphFault } from './graph-errors';
import type { Json } from './sandbox.types';
import { isObject, listOf, textOf } from './wire-json';

const MEDIA_TYPES = new Set(['image', 'audio', 'video', 'file']);
const BUTTON_FIELDS = new Set([
  'type',
  'title',
  'payload',
  'url',
  'webview_height_ratio',
  'messenger_extensions',
  'fallback_url',
  'webview_share_button',
]);
const OPT_IN_LABELS = new Set(['ALLOW', 'GET', 'GET_UPDATES', 'OPT_IN', 'SIGN_UP']);

/** Meta refuses a body that holds a field it does not know at that place. */
export function checkFields(object: Json, allowed: ReadonlySet<string>, place: string): GraphFault | undefined {
  for (const key in object) {
    if (!allowed.has(key)) return invalid(`Unexpected key "${key.slice(0, 40)}" on ${place}`);
  }
  return undefined;
}

/** The first fault of a list, each item judged by `check`. */
export function firstFault<T>(
  items: readonly T[],
  check: (item: T, index: number) => GraphFault | undefined,
): GraphFault | undefined {
  for (const [index, item] of items.entries()) {
    const fault = check(item, index);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

export function checkLength(value: unknown, name: string, max: number, required = true): GraphFault | undefined {
  if (value === undefined && !required) return undefined;
  if (typeof value !== 'string' || (required && value.trim() === '')) return invalid(`Param ${name} must be a string`);
  return value.length > max ? invalid(`Length of param ${name} must be less than or equal to ${max}`) : undefined;
}

export function checkUrl(value: unknown, name: string): GraphFault | undefined {
  return /^https?:\/\/[^\s/]+/.test(textOf(value) ?? '') ? undefined : invalid(`Param ${name} should be a valid URL`);
}

export function checkAttachment(attachment: unknown): GraphFault | undefined {
  if (!isObject(attachment)) return invalid('Param message[attachment] must be an object');
  const { payload } = attachment;
  const type = textOf(attachment['type']) ?? '';
  const unknown = checkFields(attachment, new Set(['type', 'payload']), 'attachment');
  if (unknown !== undefined) return unknown;
  if (!isObject(payload)) return invalid('Param message[attachment][payload] must be an object');
  if (type === 'template') return checkTemplate(payload);
  return MEDIA_TYPES.has(type) ? checkMedia(payload) : invalid('Param attachment[type] must be a known type');
}

function checkMedia(payload: Json): GraphFault | undefined {
  const unknown = checkFields(payload, new Set(['url', 'is_reusable', 'attachment_id']), 'attachment payload');
  if (unknown !== undefined) return unknown;
  if (payload['attachment_id'] === undefined) return checkUrl(payload['url'], 'payload[url]');
  return typeof payload['attachment_id'] === 'string' ? undefined : invalid('Invalid attachment_id', 2018074);
}

function checkTemplate(payload: Json): GraphFault | undefined {
  switch (payload['template_type']) {
    case 'button':
      return checkButtonTemplate(payload);
    case 'generic':
      return checkGenericTemplate(payload);
    case 'media':
      return checkMediaTemplate(payload);
    case 'notification_messages':
      return checkOptInTemplate(payload);
    default:
      return invalid('Invalid template type');
  }
}

function checkButtonTemplate(payload: Json): GraphFault | undefined {
  return (
    checkFields(payload, new Set(['template_type', 'text', 'buttons', 'sharable']), 'payload') ??
    checkLength(payload['text'], 'payload[text]', 640) ??
    checkButtons(payload['buttons'], 1, 3)
  );
}

function checkGenericTemplate(payload: Json): GraphFault | undefined {
  const elements = listOf(payload['elements']);
  if (elements.length < 1 || elements.length > 10) return invalid('Param payload[elements] must have 1 to 10 elements');
  return (
    checkFields(payload, new Set(['template_type', 'elements', 'image_aspect_ratio', 'sharable']), 'payload') ??
    firstFault(elements, checkElement)
  );
}

function checkElement(element: unknown): GraphFault | undefined {
  if (!isObject(element)) return invalid('Each of payload[elements] must be an object');
  const fields = new Set(['title', 'subtitle', 'image_url', 'default_action', 'buttons']);
  const fault =
    checkFields(element, fields, 'element') ??
    checkLength(element['title'], 'element[title]', 80) ??
    checkLength(element['subtitle'], 'element[subtitle]', 80, false);
  if (fault !== undefined) return fault;
  if (Object.keys(element).length < 2) return invalid('An element needs one more property than its title');
  if (element['image_url'] !== undefined) {
    const wrong = checkUrl(element['image_url'], 'element[image_url]');
    if (wrong !== undefined) return wrong;
  }
  return checkDefaultAction(element['default_action']) ?? checkOptionalButtons(element['buttons']);
}

function checkDefaultAction(action: unknown): GraphFault | undefined {
  if (action === undefined) return undefined;
  if (!isObject(action) || action['type'] !== 'web_url') return invalid('default_action must be of type web_url');
  if (action['title'] !== undefined) return invalid('default_action has no title');
  return checkFields(action, BUTTON_FIELDS, 'default_action') ?? checkUrl(action['url'], 'default_action[url]');
}

function checkOptionalButtons(buttons: unknown): GraphFault | undefined {
  return buttons === undefined ? undefined : checkButtons(buttons, 1, 3);
}

function checkMediaTemplate(payload: Json): GraphFault | undefined {
  const elements = listOf(payload['elements']);
  const element = elements[0];
  if (elements.length !== 1 || !isObject(element)) return invalid('A media template has exactly one element');
  const fields = new Set(['media_type', 'attachment_id', 'url', 'buttons']);
  if (!['image', 'video'].includes(textOf(element['media_type']) ?? '')) return invalid('Invalid media_type');
  const unknown =
    checkFields(payload, new Set(['template_type', 'elements', 'sharable']), 'payload') ??
    checkFields(element, fields, 'element');
  if (unknown !== undefined) return unknown;
  if ((element['attachment_id'] === undefined) === (element['url'] === undefined)) {
    return invalid('A media template needs attachment_id or url');
  }
  return element['buttons'] === undefined ? undefined : checkButtons(element['buttons'], 1, 1);
}

function checkOptInTemplate(payload: Json): GraphFault | undefined {
  const label = payload['notification_messages_cta_text'];
  if (label !== undefined && !OPT_IN_LABELS.has(textOf(label) ?? '')) return invalid('Invalid cta text');
  return (
    checkFields(
      payload,
      new Set([
        'template_type',
        'title',
        'image_url',
        'payload',
        'notification_messages_cta_text',
        'notification_messages_timezone',
      ]),
      'payload',
    ) ??
    checkLength(payload['title'], 'payload[title]', 65) ??
    checkLength(payload['payload'], 'payload[payload]', 1000)
  );
}

function checkButtons(buttons: unknown, min: number, max: number): GraphFault | undefined {
  const list = listOf(buttons);
  if (!Array.isArray(buttons) || list.length < min || list.length > max) {
    return invalid(`Param buttons must have ${min} to ${max} buttons`);
  }
  return firstFault(list, checkButton);
}

function checkButton(button: unknown): GraphFault | undefined {
  if (!isObject(button)) return invalid('Each button must be an object');
  const unknown = checkFields(button, BUTTON_FIELDS, 'button');
  if (unknown !== undefined) return unknown;
  switch (button['type']) {
    case 'web_url':
      return checkLength(button['title'], 'button[title]', 20) ?? checkUrl(button['url'], 'button[url]');
    case 'postback':
    case 'phone_number':
      return (
        checkLength(button['title'], 'button[title]', 20) ?? checkLength(button['payload'], 'button[payload]', 1000)
      );
    case 'account_link':
      return checkUrl(button['url'], 'button[url]');
    case 'account_unlink':
      return undefined;
    default:
      return invalid('Param button[type] must be a known type');
  }
}

export function checkQuickReplies(replies: readonly unknown[]): GraphFault | undefined {
  if (replies.length < 1 || replies.length > 13) return invalid('Param quick_replies must have 1 to 13 items');
  return firstFault(replies, checkQuickReply);
}

function checkQuickReply(reply: unknown): GraphFault | undefined {
  if (!isObject(reply)) return invalid('Each quick reply must be an object');
  const unknown = checkFields(reply, new Set(['content_type', 'title', 'payload', 'image_url']), 'quick reply');
  if (unknown !== undefined) return unknown;
  switch (reply['content_type']) {
    case 'text':
      return (
        checkLength(reply['title'], 'quick_reply[title]', 20) ??
        checkLength(reply['payload'], 'quick_reply[payload]', 1000)
      );
    case 'user_phone_number':
    case 'user_email':
      return undefined;
    default:
      return invalid('Param quick_reply[content_type] must be a known type');
  }
}
