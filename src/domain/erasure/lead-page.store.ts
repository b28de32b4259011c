import type { LeadPage } from '../leads';
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
