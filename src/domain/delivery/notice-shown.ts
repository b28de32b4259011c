import { InvariantError } from '../../kernel/errors';
import { appendLeadEntry, type AppendDeps } from '../consent';
import { lockLeadRow, openLead } from '../leads';
import { noticeOfVersion } from '../pages';
import type { RowId, Tx } from '../sql.types';
import type { AcceptedReply } from './reply.store';

/**
 * Writes down that a person was shown the notice: from now on broadcasts may reach them. Same transaction as the
 * welcome's `accepted`. Locks the lead if that has not been done.
 */
export async function recordNoticeShown(
  tx: Tx,
  deps: AppendDeps,
  leadId: RowId,
  welcome: AcceptedReply,
  mid: string,
): Promise<void> {
  const version = welcome.noticeVersion ?? 0;
  const notice = await noticeOfVersion(tx, welcome.pageId, version, welcome.language);
  const page = await tx.first<{ uuid: string; metaPageId: string }>(
    'select public_id as uuid, meta_page_id as "metaPageId" from page where id = $1',
    [welcome.pageId],
  );
  const row = await lockLeadRow(tx, leadId);
  if (row === undefined) return; // erased in the meantime
  if (notice === undefined || page === undefined) {
    throw new InvariantError('notice_missing', 'a welcome was sent without a notice');
  }
  const { language, sha256, surface } = notice;
  await appendLeadEntry(tx, deps, openLead(deps.keyRing, page, row), page, {
    kind: 'notice_shown',
    notice: { language, sha256, surface, version },
    mid,
  });
  await tx.run(
    `update lead set notice_shown_at = clock_timestamp(), notice_version = $2
      where id = $1 and (notice_shown_at is null or notice_version is null or notice_version <= $2)`,
    [leadId, version],
  );
}
