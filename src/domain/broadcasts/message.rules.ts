import { META_LIMITS } from '../../../config/meta-limits';
import type { FieldError } from '../../kernel/errors';
import type { BroadcastAttachment, BroadcastButton, BroadcastElement, BroadcastMessage } from './message.types';
import { longestLength, MAX_FIRST_NAME_CHARS, placeholderFault } from './personalise.rules';
import { messageShape } from './render-message.rules';

export { contentSha256, messageShape, renderMessage, type MessageShape } from './render-message.rules';

/** One place of every template belongs to the unsubscribe button. */
const MAX_OWN_BUTTONS = META_LIMITS.templateButtons.max - 1;
const MAX_URL_CHARS = 2_000;
const RESERVED_PAYLOAD_PREFIX = 'assent:';

/** C0 controls other than tab and line breaks, and halves of surrogate pairs: not text, and PostgreSQL refuses some. */
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const NOT_TEXT = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\p{Surrogate}]/u;

/**
 * Checks a composed message against Meta's limits and against ours: whatever passes can be rendered for everybody, with
 * an unsubscribe button or quick reply in it.
 *
 * @returns one error for each field that is wrong, with its JSON pointer from `/message`; none for a good message
 */
export function checkMessage(message: BroadcastMessage): readonly FieldError[] {
  const given = (['text', 'attachment', 'elements'] as const).filter((name) => message[name] !== undefined);
  const [first, ...others] = given;
  if (first === undefined) {
    return [{ pointer: '/message', detail: 'needs one of text, attachment and elements' }];
  }
  if (others.length > 0) {
    return others.map((name) => ({ pointer: `/message/${name}`, detail: `cannot stand beside ${first}; give one` }));
  }
  return [...checkContent(message), ...checkTopButtons(message)];
}

function checkContent(message: BroadcastMessage): FieldError[] {
  if (message.elements !== undefined) return checkElements(message.elements);
  if (message.attachment !== undefined) return checkAttachment(message.attachment);
  return checkWords('/message/text', message.text ?? '', META_LIMITS.textChars.max);
}

function checkTopButtons(message: BroadcastMessage): FieldError[] {
  const pointer = '/message/buttons';
  const buttons = message.buttons ?? [];
  if (buttons.length === 0) return [];
  switch (messageShape(message)) {
    case 'button-template':
      return checkButtons(pointer, buttons);
    case 'quick-reply-text':
      return [
        {
          pointer: '/message/text',
          detail: `with buttons: at most ${META_LIMITS.buttonTemplateTextChars.max} characters${nameNote(message.text)}`,
        },
      ];
    case 'quick-reply-media':
      return [{ pointer, detail: 'an attachment cannot carry buttons; leave them out or use elements' }];
    case 'generic-template':
      return [{ pointer, detail: 'put the buttons on the elements' }];
  }
}

function checkWords(pointer: string, words: string, maxChars: number): FieldError[] {
  if (words.trim() === '') return [{ pointer, detail: 'is empty' }];
  if (NOT_TEXT.test(words)) return [{ pointer, detail: 'holds a control character or half of a character' }];
  const fault = placeholderFault(words);
  if (fault === 'empty_fallback') return [{ pointer, detail: 'a placeholder needs a fall-back: {{first_name|there}}' }];
  if (fault !== null) return [{ pointer, detail: 'only {{first_name|fall-back}} can be filled in' }];
  if (longestLength(words) <= maxChars) return [];
  return [{ pointer, detail: `at most ${maxChars} characters${nameNote(words)}` }];
}

/** Length is checked for the longest name, so a text that looks short enough may not be: say why. */
function nameNote(words: string | undefined): string {
  return words?.includes('{{') === true ? `, a first name counted as ${MAX_FIRST_NAME_CHARS}` : '';
}

function checkElements(elements: readonly BroadcastElement[]): FieldError[] {
  const pointer = '/message/elements';
  if (elements.length === 0) return [{ pointer, detail: 'needs at least 1 element' }];
  const max = META_LIMITS.genericElements.max;
  if (elements.length > max) return [{ pointer, detail: `at most ${max} elements` }];
  return elements.flatMap((element, index) => checkElement(`${pointer}/${index}`, element));
}

function checkElement(pointer: string, element: BroadcastElement): FieldError[] {
  const { subtitle, image_url: imageUrl, url } = element;
  return [
    ...checkWords(`${pointer}/title`, element.title, META_LIMITS.elementTitleChars.max),
    ...(subtitle === undefined
      ? []
      : checkWords(`${pointer}/subtitle`, subtitle, META_LIMITS.elementSubtitleChars.max)),
    ...(imageUrl === undefined ? [] : checkUrl(`${pointer}/image_url`, imageUrl)),
    ...(url === undefined ? [] : checkUrl(`${pointer}/url`, url)),
    ...checkButtons(`${pointer}/buttons`, element.buttons ?? []),
  ];
}

function checkAttachment(attachment: BroadcastAttachment): FieldError[] {
  const { url, attachment_id: id } = attachment;
  if (url !== undefined && id !== undefined) {
    return [{ pointer: '/message/attachment/attachment_id', detail: 'cannot stand beside url; give one' }];
  }
  if (url !== undefined) return checkUrl('/message/attachment/url', url);
  if (id === undefined) return [{ pointer: '/message/attachment', detail: 'needs url or attachment_id' }];
  return /^[0-9]{1,32}$/.test(id) ? [] : [{ pointer: '/message/attachment/attachment_id', detail: 'must be digits' }];
}

function checkButtons(pointer: string, buttons: readonly BroadcastButton[]): FieldError[] {
  if (buttons.length > MAX_OWN_BUTTONS) {
    return [{ pointer, detail: `at most ${MAX_OWN_BUTTONS}: the third place is the unsubscribe button's` }];
  }
  return buttons.flatMap((button, index) => checkButton(`${pointer}/${index}`, button));
}

function checkButton(pointer: string, button: BroadcastButton): FieldError[] {
  const rest = button.type === 'url' ? checkUrl(`${pointer}/url`, button.url) : checkPayload(pointer, button.payload);
  return [...checkTitle(`${pointer}/title`, button.title), ...rest];
}

function checkTitle(pointer: string, title: string): FieldError[] {
  if (title.includes('{{')) return [{ pointer, detail: 'a button title cannot be personalised' }];
  return checkWords(pointer, title, META_LIMITS.buttonTitleChars.max);
}

function checkPayload(button: string, payload: string): FieldError[] {
  const pointer = `${button}/payload`;
  const max = META_LIMITS.postbackPayloadChars.max;
  if (payload === '') return [{ pointer, detail: 'is empty' }];
  if (payload.length > max) return [{ pointer, detail: `at most ${max} characters` }];
  if (NOT_TEXT.test(payload)) return [{ pointer, detail: 'holds a control character or half of a character' }];
  if (!payload.toLowerCase().startsWith(RESERVED_PAYLOAD_PREFIX)) return [];
  return [{ pointer, detail: `payloads that begin with ${RESERVED_PAYLOAD_PREFIX} are reserved` }];
}

/** A name in a URL would reach the logs of every machine on the way, so addresses are never personalised. */
function checkUrl(pointer: string, url: string): FieldError[] {
  if (url.includes('{{')) return [{ pointer, detail: 'an address cannot be personalised' }];
  if (url.length > MAX_URL_CHARS) return [{ pointer, detail: `at most ${MAX_URL_CHARS} characters` }];
  if (!URL.canParse(url) || /\s/.test(url)) return [{ pointer, detail: 'is not an address' }];
  const { protocol, username, password } = new URL(url);
  if (protocol !== 'https:') return [{ pointer, detail: 'must begin with https://' }];
  return username === '' && password === '' ? [] : [{ pointer, detail: 'must not hold a user name or password' }];
}
