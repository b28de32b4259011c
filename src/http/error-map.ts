import type { AccountErrorCode } from '../domain/accounts';
import type { PageErrorCode } from '../domain/pages';
import { AssentError, OperationalError, UserError } from '../kernel/errors';
import { HttpError, type HttpErrorCode } from './http.errors';
import { problemBody, type Problem } from './problem';

/** Every code a caller can meet. A slice that adds one without a status and a title does not compile. */
export type PublicErrorCode = AccountErrorCode | PageErrorCode | HttpErrorCode;

interface Presentation {
  readonly status: number;
  readonly title: string;
}

/** The only place that knows HTTP statuses; `/docs` prints it. */
export const PRESENTATIONS = {
  account_exists: { status: 409, title: 'The account exists' },
  account_not_found: { status: 404, title: 'No such account' },
  api_key_not_found: { status: 404, title: 'No such API key' },
  body_too_large: { status: 413, title: 'The body is too large' },
  idempotency_in_progress: { status: 409, title: 'The first call is still running' },
  idempotency_key_invalid: { status: 400, title: 'The Idempotency-Key is malformed' },
  idempotency_key_reused: { status: 422, title: 'The Idempotency-Key belongs to another request' },
  malformed_body: { status: 400, title: 'The body could not be read' },
  meta_unreachable: { status: 502, title: 'Meta did not answer' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  not_acceptable: { status: 406, title: 'No acceptable representation' },
  page_disconnected: { status: 409, title: 'The Page is disconnected' },
  page_not_found: { status: 404, title: 'No such Page' },
  page_taken: { status: 409, title: 'The Page belongs to another account' },
  page_token_refused: { status: 422, title: 'Meta refused the Page token' },
  route_not_found: { status: 404, title: 'Not found' },
  scope_missing: { status: 403, title: 'The API key lacks a scope' },
  starting: { status: 503, title: 'Starting' },
  unauthenticated: { status: 401, title: 'Not authenticated' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type' },
  validation_failed: { status: 422, title: 'The request has invalid fields' },
} as const satisfies Record<PublicErrorCode, Presentation>;

const isPublic = (code: string): code is PublicErrorCode => Object.hasOwn(PRESENTATIONS, code);

export interface Failure {
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;
  readonly severity: 'info' | 'error';
  readonly code: string;
}

/** What the caller is told. Whatever is not meant for callers becomes a 500 or 503 without a word of its own. */
export function problemFor(error: unknown, requestId: string): Failure {
  const known: AssentError | null = error instanceof AssentError ? error : null;
  if (known !== null && isPublic(known.code)) {
    const { status, title } = PRESENTATIONS[known.code];
    const problem = problemBody({
      code: known.code,
      title,
      status,
      detail: known.message,
      requestId,
      errors: known instanceof UserError ? known.errors : [],
      ...metaFault(known),
    });
    return { problem, headers: error instanceof HttpError ? error.headers : {}, severity: 'info', code: known.code };
  }
  return internalFailure(error, requestId);
}

function metaFault(error: AssentError): { metaCode?: number | null; metaSubcode?: number | null } {
  const { metaCode, metaSubcode } = error as { metaCode?: number | null; metaSubcode?: number | null };
  return { ...(metaCode === undefined ? {} : { metaCode }), ...(metaSubcode === undefined ? {} : { metaSubcode }) };
}

function internalFailure(error: unknown, requestId: string): Failure {
  const transient = error instanceof OperationalError;
  const problem = problemBody({
    code: transient ? 'unavailable' : 'internal_error',
    title: transient ? 'Temporarily unavailable' : 'Internal error',
    status: transient ? 503 : 500,
    detail: transient
      ? 'something this installation depends on does not answer; try again'
      : 'this is our fault; quote the request id',
    requestId,
  });
  const code = codeOf(error);
  return { problem, headers: transient ? { 'Retry-After': '5' } : {}, severity: 'error', code };
}

function codeOf(error: unknown): string {
  if (error instanceof AssentError) return String(error.code);
  return error instanceof Error ? error.name : 'unknown';
}
