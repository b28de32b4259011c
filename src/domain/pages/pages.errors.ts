import { OperationalError, UserError, type FieldError } from '../../kernel/errors';
import type { GraphRefusal } from './page-graph.types';

export type PageErrorCode =
  | 'meta_unreachable'
  | 'page_disconnected'
  | 'page_not_found'
  | 'page_taken'
  | 'page_token_refused'
  | 'validation_failed';

/** The token opens nothing, or another Page. Carries Meta's own words, which hold no token. */
export class PageTokenRefusedError extends UserError<PageErrorCode> {
  readonly metaCode: number | null;
  readonly metaSubcode: number | null;

  constructor(reason: string, refusal?: GraphRefusal) {
    super('page_token_refused', reason, [{ pointer: '/access_token', detail: reason }]);
    this.metaCode = refusal?.code ?? null;
    this.metaSubcode = refusal?.subcode ?? null;
  }
}

/** Says nothing about who holds the Page. */
export const pageTaken = (): UserError<PageErrorCode> =>
  new UserError('page_taken', 'this Page is connected to another account of this installation');

export const pageNotFound = (): UserError<PageErrorCode> => new UserError('page_not_found', 'there is no such Page');

export const pageDisconnected = (): UserError<PageErrorCode> =>
  new UserError('page_disconnected', 'this Page is disconnected; connect it again');

export const metaUnreachable = (): OperationalError<PageErrorCode> =>
  new OperationalError('meta_unreachable', 'Meta could not be reached; nothing was changed, try again');

export const invalidPageInput = (errors: readonly FieldError[]): UserError<PageErrorCode> =>
  new UserError('validation_failed', 'the request has fields that cannot be accepted', errors);
