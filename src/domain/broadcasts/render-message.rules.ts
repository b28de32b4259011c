import { createHash } from 'node:crypto';
import { META_LIMITS } from '../../../config/meta-limits';
import { InvariantError } from '../../kernel/errors';
import type {
  BroadcastButton,
  BroadcastElement,
  BroadcastMessage,
  MetaButton,
  MetaElement,
  MetaMessage,
  RenderOptions,
} from './message.types';
import { longestLength, personalise } from './personalise.rules';

/** The form in which a message is sent; it decides where the unsubscribe button goes. */
export type MessageShape = 'button-template' | 'quick-reply-text' | 'quick-reply-media' | 'generic-template';

/**
 * The form a message takes for everybody: chosen by its longest rendering, never by one person's name, so that what
 * was previewed is what every person gets.
 */
export function messageShape(message: BroadcastMessage): MessageShape {
  if (message.elements !== undefined) return 'generic-template';
  if (message.attachment !== undefined) return 'quick-reply-media';
  const fitsTemplate = longestLength(message.text ?? '') <= META_LIMITS.buttonTemplateTextChars.max;
  return fitsTemplate ? 'button-template' : 'quick-reply-text';
}

/**
 * Renders a checked message for one person, with unsubscribe in it.
 *
 * @throws {InvariantError} `message_not_renderable` for a message that `checkMessage` would have refused in a way that
 *   leaves no room for unsubscribe, or for an unsubscribe title or payload longer than Meta takes
 */
export function renderMessage(message: BroadcastMessage, options: RenderOptions): MetaMessage {
  refuseBadOptions(options);
  const quickReplies = [
    { content_type: 'text', title: options.unsubscribeTitle, payload: options.unsubscribePayload },
  ] as const;
  switch (messageShape(message)) {
    case 'generic-template':
      return generic(message, options);
    case 'quick-reply-media':
      return { attachment: media(message), quick_replies: quickReplies };
    case 'quick-reply-text':
      refuseButtons(message);
      return { text: personalise(message.text ?? '', options.firstName), quick_replies: quickReplies };
    case 'button-template':
      return {
        attachment: {
          type: 'template',
          payload: {
            template_type: 'button',
            text: personalise(message.text ?? '', options.firstName),
            buttons: withUnsubscribe(message.buttons, options),
          },
        },
      };
  }
}

/** SHA-256, in hex, of what was composed: the same content gives the same value whatever the order of its members. */
export function contentSha256(message: BroadcastMessage): string {
  return createHash('sha256').update(canonical(message)).digest('hex');
}

function generic(message: BroadcastMessage, options: RenderOptions): MetaMessage {
  const elements = (message.elements ?? []).map((element) => renderElement(element, options));
  return { attachment: { type: 'template', payload: { template_type: 'generic', elements } } };
}

function renderElement(element: BroadcastElement, options: RenderOptions): MetaElement {
  const { subtitle, image_url: imageUrl, url } = element;
  return {
    title: personalise(element.title, options.firstName),
    ...(subtitle === undefined ? {} : { subtitle: personalise(subtitle, options.firstName) }),
    ...(imageUrl === undefined ? {} : { image_url: imageUrl }),
    ...(url === undefined ? {} : { default_action: { type: 'web_url', url } as const }),
    buttons: withUnsubscribe(element.buttons, options),
  };
}

function media(message: BroadcastMessage) {
  const { attachment } = message;
  refuseButtons(message);
  if (attachment?.attachment_id !== undefined) {
    return { type: attachment.type, payload: { attachment_id: attachment.attachment_id } };
  }
  if (attachment?.url === undefined) throw notRenderable('an attachment without address and id');
  return { type: attachment.type, payload: { url: attachment.url, is_reusable: true as const } };
}

function withUnsubscribe(own: readonly BroadcastButton[] | undefined, options: RenderOptions): readonly MetaButton[] {
  const buttons = (own ?? []).map((button): MetaButton =>
    button.type === 'url'
      ? { type: 'web_url', title: button.title, url: button.url }
      : { type: 'postback', title: button.title, payload: button.payload },
  );
  if (buttons.length >= META_LIMITS.templateButtons.max) throw notRenderable('no room for the unsubscribe button');
  return [...buttons, { type: 'postback', title: options.unsubscribeTitle, payload: options.unsubscribePayload }];
}

function refuseButtons(message: BroadcastMessage): void {
  if ((message.buttons ?? []).length > 0) throw notRenderable('buttons on a shape that has none');
}

function refuseBadOptions({ unsubscribeTitle, unsubscribePayload }: RenderOptions): void {
  const titleFits = unsubscribeTitle !== '' && unsubscribeTitle.length <= META_LIMITS.buttonTitleChars.max;
  const payloadFits = unsubscribePayload !== '' && unsubscribePayload.length <= META_LIMITS.postbackPayloadChars.max;
  if (!titleFits || !payloadFits) throw notRenderable('an unsubscribe title or payload that Meta refuses');
}

const notRenderable = (what: string) => new InvariantError('message_not_renderable', `cannot render ${what}`);

/** JSON with sorted members and without absent ones, as RFC 8785 writes objects of text. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((element) => canonical(element)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`);
  return `{${members.join(',')}}`;
}
