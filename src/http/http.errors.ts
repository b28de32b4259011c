import { UserError, type FieldError } from '../kernel/errors';

export type HttpErrorCode =
  | 'malformed_body'
  | 'validation_failed'
  | 'body_too_large'
  | 'unsupported_media_type'
  | 'not_acceptable'
  | 'unauthenticated'
  | 'scope_missing'
  | 'route_not_found'
  | 'method_not_allowed'
  | 'idempotency_key_invalid'
  | 'idempotency_key_reused'
  | 'idempotency_in_progress'
  | 'log_part_not_found'
  | 'signed_request_refused'
  | 'starting'
  | 'test_limit'
  | 'too_many_streams';

/** A request that never reached a use case. */
export class HttpError extends UserError<HttpErrorCode> {
  constructor(
    code: HttpErrorCode,
    message: string,
    errors: readonly FieldError[] = [],
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(code, message, errors);
  }
}
