import { isLosslessNumber, parse } from 'lossless-json';
import { classifyGraphError, type ClassifiedError, type ErrorClass } from '../../../config/meta-errors';
import type { PageStopClass, SendOutcome } from '../../domain/delivery/sender.types';

/**
 * What the HTTP call came to. `never-connected`: not one byte of the request left. `lost`: it may have left, and no
 * whole answer came. `cause` is an error code such as ECONNREFUSED, never a message: messages can name addresses.
 */
export type GraphReply =
  | { readonly kind: 'never-connected'; readonly cause: string }
  | { readonly kind: 'lost'; readonly cause: string }
  | { readonly kind: 'answered'; readonly status: number; readonly bodyText: string };

/**
 * Says what happened to one message from the answer to its POST.
 *
 * The body decides before the status does: Meta has been seen to put an error under 200. A status without an error
 * envelope comes from a machine in between; a 4xx then means that the message was not taken, anything else is unknown.
 */
export function classifySend(reply: GraphReply): SendOutcome {
  if (reply.kind === 'never-connected') return { kind: 'not-sent', cause: causeCode(reply.cause) };
  if (reply.kind === 'lost') return { kind: 'uncertain', cause: 'lost' };
  const body = readObject(reply.bodyText);
  const error = body === null ? null : readEnvelope(body['error']);
  const isSuccess = reply.status >= 200 && reply.status < 300;
  const messageId = isSuccess ? textOf(body?.['message_id']) : null;
  if (messageId !== null) return { kind: 'accepted', messageId, recipientId: textOf(body?.['recipient_id']) };
  if (error !== null) return outcomeOf(error.classified, error.retryAfterMs);
  return withoutEnvelope(reply.status, body === null);
}

/** Reads a Graph error envelope out of any answer; null when the text holds none. */
export function readGraphError(bodyText: string): ClassifiedError | null {
  const body = readObject(bodyText);
  return body === null ? null : (readEnvelope(body['error'])?.classified ?? null);
}

interface Envelope {
  readonly classified: ClassifiedError;
  readonly retryAfterMs: number | null;
}

function outcomeOf(error: ClassifiedError, retryAfterMs: number | null): SendOutcome {
  const { errorClass, code, subcode } = error;
  if (errorClass === 'transient') return { kind: 'retry-later', code, subcode };
  if (errorClass === 'ambiguous') return { kind: 'uncertain', cause: 'ambiguous_error' };
  if (errorClass === 'throttle') {
    return { kind: 'throttled', scope: isAppWide(error) ? 'app' : 'page', code, subcode, retryAfterMs };
  }
  if (errorClass === 'throttle-recipient')
    return { kind: 'throttled', scope: 'recipient', code, subcode, retryAfterMs };
  if (isPageStop(errorClass)) return { kind: 'page-stopped', errorClass, code, subcode };
  return { kind: 'rejected', errorClass, code, subcode };
}

const isPageStop = (errorClass: ErrorClass): errorClass is PageStopClass =>
  errorClass === 'page-token' ||
  errorClass === 'page-permission' ||
  errorClass === 'page-policy' ||
  errorClass === 'page-billing';

/** Codes 4 and 341 count the calls of the whole app; every other throttle counts those of the Page. */
const isAppWide = ({ code, subcode }: ClassifiedError): boolean => (code === 4 || code === 341) && subcode === null;

function withoutEnvelope(status: number, isUnreadable: boolean): SendOutcome {
  if (status >= 200 && status < 300) {
    return { kind: 'uncertain', cause: isUnreadable ? 'unreadable_answer' : 'no_message_id' };
  }
  if (status === 429) return { kind: 'throttled', scope: 'page', code: 429, subcode: null, retryAfterMs: null };
  if (status >= 500 || status === 408) return { kind: 'uncertain', cause: 'server_error' };
  if (status >= 400) return { kind: 'retry-later', code: null, subcode: null };
  return { kind: 'uncertain', cause: 'unexpected_status' };
}

function readEnvelope(value: unknown): Envelope | null {
  if (!isObject(value)) return null;
  const code = wholeNumber(value['code']);
  if (code === null) return null;
  const isTransient = value['is_transient'];
  const message = value['message'];
  return {
    classified: classifyGraphError({
      code,
      error_subcode: wholeNumber(value['error_subcode']) ?? undefined,
      message: typeof message === 'string' ? message : undefined,
      is_transient: typeof isTransient === 'boolean' ? isTransient : undefined,
    }),
    retryAfterMs: remainingMs(value['error_data']),
  };
}

/** Marketing sends name their wait in `error_data`, which comes as an object or as its JSON text. */
function remainingMs(errorDetail: unknown): number | null {
  const detail = typeof errorDetail === 'string' ? readObject(errorDetail) : errorDetail;
  if (!isObject(detail)) return null;
  const seconds = wholeNumber(detail['remaining_seconds']);
  return seconds === null || seconds < 0 ? null : seconds * 1_000;
}

function readObject(text: string): Record<string, unknown> | null {
  try {
    const value = parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null; // whatever the text was, it is not an answer of the Graph API
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isLosslessNumber(value);

function textOf(value: unknown): string | null {
  if (isLosslessNumber(value)) return value.value;
  return typeof value === 'string' && value !== '' ? value : null;
}

function wholeNumber(value: unknown): number | null {
  const number = Number(textOf(value) ?? Number.NaN);
  return Number.isSafeInteger(number) ? number : null;
}

const causeCode = (cause: string): string => (/^[A-Z][A-Z0-9_]{1,39}$/.test(cause) ? cause : 'UNKNOWN');
