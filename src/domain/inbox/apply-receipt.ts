import { lockLeadAt, placePerson } from '../leads';
import type { Page } from '../pages';
import type { Tx } from '../sql.types';
import { ended, type AppliedEvent } from './applied-event';
import type { ParsedEventOf } from './inbound.types';
import type { DrainInboxDeps } from './inbox.deps.types';

const OUR_METADATA = /^assent:v1:[dr]:/;

/**
 * Applies news about messages we sent. They never make a lead, and need no memory of having been seen: applied twice
 * they say the same.
 */
export async function applyReceipt(
  tx: Tx,
  deps: DrainInboxDeps,
  page: Page,
  psid: string,
  event: ParsedEventOf<'echo' | 'delivery' | 'read'>,
): Promise<AppliedEvent> {
  const metadata = event.kind === 'echo' ? event.metadata : null;
  if (event.kind === 'echo' && (metadata === null || !OUR_METADATA.test(metadata))) {
    return ended('noted');
  }
  const lead = await lockLeadAt(tx, deps, page, await placePerson(tx, deps, page, psid));
  if (lead === null) return ended('unknown_person');
  const leadId = lead.row.id;
  if (event.kind === 'echo') {
    await deps.reconcileEcho(tx, { leadId, pageId: page.id, metadata: metadata ?? '', mid: event.mid });
  } else if (event.kind === 'delivery') {
    await deps.applyDelivered(tx, { leadId, watermarkMs: event.watermarkMs, mids: event.mids });
  } else {
    await deps.applyRead(tx, { leadId, watermarkMs: event.watermarkMs, mids: [] });
  }
  return ended('applied');
}
