import { classifyGraphError } from '../../../config/meta-errors';
import type { GraphRefusal, PageCall, PageGraph } from './page-graph.types';
import { metaUnreachable, PageTokenRefusedError } from './pages.errors';

const SERVER_FAULT_STATUS = 500;

/**
 * Asks Meta whether a token opens this very Page.
 *
 * @throws {PageTokenRefusedError} when it opens nothing or another Page
 * @throws {OperationalError} `meta_unreachable` when Meta gave no verdict
 */
export async function verifyToken(graph: PageGraph, call: PageCall): Promise<void> {
  const answer = await graph.identify(call);
  if (!answer.ok) {
    if (isVerdict(answer)) throw new PageTokenRefusedError(`Meta refused the token: ${answer.message}`, answer);
    throw metaUnreachable();
  }
  if (answer.value.id !== call.metaPageId) {
    throw new PageTokenRefusedError('the token belongs to another Page than page_id names');
  }
}

/** A Meta that is busy or broken says nothing about the token. */
function isVerdict({ status, code, subcode, message }: GraphRefusal): boolean {
  if (code === null) return status !== null && status < SERVER_FAULT_STATUS;
  const { errorClass } = classifyGraphError({ code, error_subcode: subcode ?? undefined, message });
  return errorClass !== 'transient' && errorClass !== 'throttle';
}
