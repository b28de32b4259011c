import type { LeadPage } from '../leads';
import { InvariantError } from '../../kernel/errors';
import type { RowId, Sql } from '../sql.types';

export const findOwnLeadPage = (
  sql: Sql,
  accountId: RowId,
  leadUuid: string,
): Promise<(LeadPage & { readonly leadId: RowId }) | undefined> =>
  sql.first(
    `select l.id as "leadId", p.id, p.public_id as uuid, p.account_id as "accountId", p.meta_page_id as "metaPageId"
      from lead l join page p on p.id = l.page_id where l.account_id = $1 and l.public_id = $2`,
    [accountId, leadUuid],
  );

/** The key bucket of a lead: it stays the same for as long as the Page's ring lives. */
export async function bucketOf(sql: Sql, leadId: RowId): Promise<number> {
  const row = await sql.first<{ bucket: number }>('select bucket from lead_key where lead_id = $1', [leadId]);
  if (row === undefined) throw new InvariantError('lead_without_key', 'a lead has no key');
  return row.bucket;
}
