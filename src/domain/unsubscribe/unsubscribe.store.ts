import { IS_THERE } from '../leads';
import type { RowId, Sql, Tx } from '../sql.types';
import type { UnsubscribePage } from './unsubscribe.types';

/** Notes whose button was tapped. The id comes from a postback, so it counts only for a delivery of this lead. */
export async function markDeliveryUnsubscribed(tx: Tx, leadId: RowId, deliveryUuid: string, at: Date): Promise<void> {
  await tx.run(
    `update delivery set unsubscribed_at = $3 where lead_id = $1 and public_id = $2 and unsubscribed_at is null`,
    [leadId, deliveryUuid, at],
  );
}

const PAGE = `p.id, p.public_id as uuid, p.meta_page_id as "metaPageId", p.basis, p.notice_version as "noticeVersion"`;

export interface FoundLead {
  readonly leadId: RowId;
  readonly page: UnsubscribePage & { readonly accountId: RowId; readonly name: string };
}

interface FoundRow {
  readonly leadId: RowId;
  readonly accountId: RowId;
  readonly name: string;
}

async function findLead(sql: Sql, where: string, values: readonly unknown[]): Promise<FoundLead | undefined> {
  const row = await sql.first<FoundRow & UnsubscribePage>(
    `select l.id as "leadId", l.account_id as "accountId", p.name, ${PAGE} from lead l join page p on p.id = l.page_id where ${IS_THERE} and ${where}`,
    values,
  );
  if (row === undefined) return undefined;
  const { leadId, ...page } = row;
  return { leadId, page };
}

export const findOwnLead = (sql: Sql, accountId: RowId, leadUuid: string): Promise<FoundLead | undefined> =>
  findLead(sql, 'l.account_id = $1 and l.public_id = $2', [accountId, leadUuid]);

export const findLeadById = (sql: Sql, leadId: RowId): Promise<FoundLead | undefined> =>
  findLead(sql, 'l.id = $1', [leadId]);

export const findLeadByWebToken = (sql: Sql, tokenSha256: Buffer): Promise<FoundLead | undefined> =>
  findLead(sql, 'l.web_token_sha256 = $1', [tokenSha256]);
