import type { AccountErrorCode } from '../domain/accounts';
import type { BackupErrorCode } from '../domain/backup';
import { BroadcastStateError, type BroadcastErrorCode } from '../domain/broadcasts';
import type { ErasureErrorCode } from '../domain/erasure';
import type { LeadErrorCode } from '../domain/leads';
import type { PageErrorCode } from '../domain/pages';
import type { ProofErrorCode } from '../domain/proof';
import type { RecipientErrorCode } from '../domain/recipients';
import { AssentError, codeOf, OperationalError, UserError } from '../kernel/errors';
import type { LogFields } from '../kernel/log';
import { HttpError, type HttpErrorCode } from './http.errors';
import { problemBody, type Problem, type ProblemInput } from './problem';

/** Every code a caller can meet. A slice that adds one without a status and a title does not compile. */
export type PublicErrorCode =
  | AccountErrorCode
  | BackupErrorCode
  | BroadcastErrorCode
  | ErasureErrorCode
  | LeadErrorCode
  | PageErrorCode
  | ProofErrorCode
  | RecipientErrorCode
  | HttpErrorCode;

interface Presentation {
  readonly status: number;
  readonly title: string;
}

/** The only place that knows HTTP statuses; `/docs` prints it. */
export const PRESENTATIONS = {
  account_deleted: { status: 409, title: 'The account is being deleted' },
  account_exists: { status: 409, title: 'The account exists' },
  account_name_differs: { status: 422, title: 'The name is not that of the account' },
  account_not_found: { status: 404, title: 'No such account' },
  api_key_not_found: { status: 404, title: 'No such API key' },
  archive_unreadable: { status: 422, title: 'The archive cannot be read' },
  backup_gone: { status: 410, title: 'The archive is deleted' },
  backup_not_found: { status: 404, title: 'No such backup' },
  backup_not_ready: { status: 409, title: 'The archive is being made' },
  body_too_large: { status: 413, title: 'The body is too large' },
  broadcast_blocked: { status: 409, title: 'Every Page of the broadcast is stopped' },
  broadcast_invalid: { status: 422, title: 'The broadcast has invalid fields' },
  broadcast_not_found: { status: 404, title: 'No such broadcast' },
  broadcast_state: { status: 409, title: 'The broadcast is in another state' },
  delivery_not_found: { status: 404, title: 'No such message' },
  erasure_not_found: { status: 404, title: 'No such erasure' },
  idempotency_in_progress: { status: 409, title: 'The first call is still running' },
  idempotency_key_invalid: { status: 400, title: 'The Idempotency-Key is malformed' },
  idempotency_key_reused: { status: 422, title: 'The Idempotency-Key belongs to another request' },
  import_not_found: { status: 404, title: 'Nothing was imported' },
  lead_erased: { status: 410, title: 'The lead was erased' },
  lead_not_found: { status: 404, title: 'No such lead' },
  log_part_not_found: { status: 404, title: 'The log has no such part' },
  malformed_body: { status: 400, title: 'The body could not be read' },
  meta_unreachable: { status: 502, title: 'Meta did not answer' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  not_acceptable: { status: 406, title: 'No acceptable representation' },
  page_disconnected: { status: 409, title: 'The Page is disconnected' },
  page_not_found: { status: 404, title: 'No such Page' },
  page_taken: { status: 409, title: 'The Page belongs to another account' },
  page_token_refused: { status: 422, title: 'Meta refused the Page token' },
  passphrase_wrong: { status: 422, title: 'The passphrase is wrong' },
  proof_not_ready: { status: 409, title: 'Nothing is signed yet' },
  range_invalid: { status: 422, title: 'The range cannot be exported' },
  recipient_ended: { status: 409, title: 'The recipient was ended' },
  recipient_not_found: { status: 404, title: 'No such recipient' },
  route_not_found: { status: 404, title: 'Not found' },
  scope_missing: { status: 403, title: 'The API key lacks a scope' },
  signed_request_refused: { status: 403, title: 'The signed request is not accepted' },
  starting: { status: 503, title: 'Starting' },
  subscription_ended: { status: 409, title: 'The subscription was cancelled' },
  test_limit: { status: 429, title: 'Too many tests' },
  test_not_eligible: { status: 422, title: 'A lead may not be written to' },
  test_window_closed: { status: 422, title: "Meta's window is closed" },
  too_many_streams: { status: 429, title: 'Too many open event streams' },
  unauthenticated: { status: 401, title: 'Not authenticated' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type' },
  validation_failed: { status: 422, title: 'The request has invalid fields' },
} as const satisfies Record<PublicErrorCode, Presentation>;

const isPublic = (code: string): code is PublicErrorCode => Object.hasOwn(PRESENTATIONS, code);

export interface Failure {
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;
  /** `info` is not logged: the caller was told, and nothing is wrong here. */
  readonly severity: 'info' | 'warn' | 'error';
  readonly fields: LogFields;
}

/** What the caller is told. Whatever is not meant for callers becomes a 500 or 503 without a word of its own. */
export function problemFor(error: unknown, requestId: string): Failure {
  const known: AssentError | null = error instanceof AssentError ? error : null;
  if (known === null || !isPublic(known.code)) return internalFailure(error, requestId);
  const { status, title } = PRESENTATIONS[known.code];
  const problem = problemBody({
    code: known.code,
    title,
    status,
    detail: known.message,
    requestId,
    errors: known instanceof UserError ? known.errors : [],
    allowed: known instanceof BroadcastStateError ? known.allowed : undefined,
    ...metaFault(known),
  });
  return {
    problem,
    headers: headersOf(known),
    severity: known instanceof OperationalError ? 'warn' : 'info',
    fields: { code: known.code },
  };
}

function headersOf(error: AssentError): Failure['headers'] {
  if (error instanceof HttpError) return error.headers;
  return error.code === 'proof_not_ready' ? { 'Retry-After': '1' } : {};
}

/** Carried by whatever was refused by Meta. */
function metaFault(error: AssentError): Pick<ProblemInput, 'metaCode' | 'metaSubcode'> {
  const { metaCode, metaSubcode } = error as Pick<ProblemInput, 'metaCode' | 'metaSubcode'>;
  return { ...(metaCode === undefined ? {} : { metaCode }), ...(metaSubcode === undefined ? {} : { metaSubcode }) };
}

function internalFailure(error: unknown, requestId: string): Failure {
  const fields = faultFields(error);
  if (!isTransient(error, fields)) {
    const problem = problemBody({
      code: 'internal_error',
      title: 'Internal error',
      status: 500,
      detail: 'this is our fault; quote the request id',
      requestId,
    });
    return { problem, headers: {}, severity: 'error', fields };
  }
  const problem = problemBody({
    code: 'unavailable',
    title: 'Temporarily unavailable',
    status: 503,
    detail: 'something this installation depends on does not answer; try again',
    requestId,
  });
  return { problem, headers: { 'Retry-After': '5' }, severity: 'error', fields };
}

/** SQLSTATE classes of bad values, broken constraints and bad statements: the same call would fail again. */
const OUR_FAULT = /^(22|23|42)/;

const isTransient = (error: unknown, { sql_state: state }: LogFields): boolean =>
  error instanceof OperationalError && !(typeof state === 'string' && OUR_FAULT.test(state));

/** Names of ours only: the text of an error may hold what a person wrote. */
export function faultFields(error: unknown): LogFields {
  const { sqlState } = (error ?? {}) as { sqlState?: unknown };
  return {
    code: codeOf(error),
    ...(typeof sqlState === 'string' ? { sql_state: sqlState } : {}),
  };
}
