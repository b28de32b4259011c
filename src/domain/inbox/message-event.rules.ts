import { child, fieldsOf, identifier, listOf, member, text, textOrDigits, type Fields } from './fields.rules';
import type { AttachmentType, InboundEvent } from './inbound.types';
import { readReferral } from './referral.rules';

const MALFORMED: InboundEvent = { kind: 'ignored', reason: 'malformed' };

const ATTACHMENT_TYPES: ReadonlySet<string> = new Set<AttachmentType>([
  'image',
  'audio',
  'video',
  'file',
  'sticker',
  'fallback',
  'reel',
  'ig_reel',
  'post',
  'ig_post',
  'appointment_booking',
  'template',
  'location',
]);

/** Reads a message of a person, or the echo of one of the Page's own. Of attachments only the type is kept. */
export function readMessage(message: Fields, item: Fields): InboundEvent {
  const mid = textOrDigits(message, 'mid');
  if (mid === null) return MALFORMED;
  if (member(message, 'is_echo') === true) return readEcho(mid, message, item);
  if (member(message, 'is_deleted') === true) return { kind: 'message_deleted', mid };
  const attachments = listOf(member(message, 'attachments'));
  const referral = child(message, 'referral');
  return {
    kind: 'message',
    mid,
    text: text(message, 'text'),
    quickReplyPayload: text(child(message, 'quick_reply'), 'payload'),
    attachments: attachments.map((attachment) => attachmentType(attachment)),
    referral: referral === null ? null : readReferral(referral),
    replyToMid: textOrDigits(child(message, 'reply_to'), 'mid'),
    hasSticker: textOrDigits(message, 'sticker_id') !== null || attachments.some((attachment) => isSticker(attachment)),
    isUnsupported: member(message, 'is_unsupported') === true,
  };
}

function readEcho(mid: string, message: Fields, item: Fields): InboundEvent {
  const toPsid = identifier(child(item, 'recipient'), 'id');
  if (toPsid === null) return MALFORMED;
  return { kind: 'echo', mid, metadata: text(message, 'metadata'), appId: identifier(message, 'app_id'), toPsid };
}

function attachmentType(attachment: unknown): AttachmentType {
  const type = text(fieldsOf(attachment), 'type') ?? '';
  return ATTACHMENT_TYPES.has(type) ? (type as AttachmentType) : 'other';
}

/** Until 2026-08-30 a sticker came as an image that carries a `sticker_id`, since then with a type of its own. */
function isSticker(attachment: unknown): boolean {
  const fields = fieldsOf(attachment);
  return text(fields, 'type') === 'sticker' || textOrDigits(child(fields, 'payload'), 'sticker_id') !== null;
}
