import type { Page } from '../pages';
import type { Tx } from '../sql.types';
import { ended, type AppliedEvent } from './applied-event';
import type { ParsedEvent } from './inbound.types';
import type { DrainInboxDeps } from './inbox.deps.types';

/**
 * Applies what Meta says about a Page as a whole. A warning stops the Page like a block: what Meta warns of is what it
 * blocks for next. Only a person starts it again, also after Meta has lifted a block.
 */
export async function applyPageEvent(
  tx: Tx,
  deps: DrainInboxDeps,
  page: Page,
  event: ParsedEvent,
): Promise<AppliedEvent> {
  const reason = stopReason(event);
  if (reason === null) {
    if (event.kind === 'policy_enforcement') deps.log.event('page.policy_lifted', { page: page.uuid });
    return ended('noted');
  }
  await deps.stopPage(tx, page.id, { reason, code: null, subcode: null });
  deps.log.warn('page.policy_enforced', { page: page.uuid, reason });
  return ended('applied');
}

function stopReason(event: ParsedEvent): string | null {
  if (event.kind === 'policy_enforcement') return event.action === 'unblock' ? null : `policy_${event.action}`;
  if (event.kind !== 'business_integrity') return null;
  if (event.status === 'suspended') return 'page_suspended';
  const isRestricted = event.status === 'restricted' || event.messagingRestrictedUntilMs !== null;
  return isRestricted ? 'page_restricted' : null;
}
