import type { ErrorClass } from '../../../config/meta-errors';

/** Classes after which this message is over and no other message of the Page is concerned. */
export type RejectedClass = Extract<
  ErrorClass,
  | 'outside-window'
  | 'recipient-unavailable'
  | 'recipient-unknown'
  | 'recipient-opted-out'
  | 'recipient-opt-in-expired'
  | 'thread-not-owned'
  | 'request-invalid'
  | 'ignore'
>;

/** Classes after which the Page must not send until somebody has acted. */
export type PageStopClass = Extract<ErrorClass, 'page-token' | 'page-permission' | 'page-policy' | 'page-billing'>;

export type ThrottleScope = 'page' | 'app' | 'recipient';

/**
 * What happened to one message.
 *
 * `not-sent`, `retry-later` and `throttled` say that Meta did not take it: it may be tried again. `uncertain` says that
 * nobody knows: the Send API has no idempotency key, so it must never be sent again before it has been resolved.
 */
export type SendOutcome =
  | { readonly kind: 'accepted'; readonly messageId: string; readonly recipientId: string | null }
  | {
      readonly kind: 'rejected';
      readonly errorClass: RejectedClass;
      readonly code: number;
      readonly subcode: number | null;
    }
  | {
      readonly kind: 'throttled';
      readonly scope: ThrottleScope;
      readonly code: number;
      readonly subcode: number | null;
      readonly retryAfterMs: number | null;
    }
  | { readonly kind: 'retry-later'; readonly code: number | null; readonly subcode: number | null }
  | {
      readonly kind: 'page-stopped';
      readonly errorClass: PageStopClass;
      readonly code: number;
      readonly subcode: number | null;
    }
  | { readonly kind: 'not-sent'; readonly cause: string }
  | { readonly kind: 'uncertain'; readonly cause: UncertainCause };

export type UncertainCause =
  'lost' | 'no_message_id' | 'unreadable_answer' | 'server_error' | 'unexpected_status' | 'ambiguous_error';
