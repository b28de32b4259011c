import type { ShownLeadStatus } from '../lead-status.types';
import type { RowId, Sql } from '../sql.types';

export interface LeadListRow {
  readonly id: RowId;
  readonly uuid: string;
  readonly pageUuid: string;
  readonly metaPageId: string;
  readonly status: ShownLeadStatus;
  readonly tagIds: readonly RowId[];
  readonly optedInAt: Date | null;
  readonly withdrawnAt: Date | null;
  readonly lastInboundAt: Date | null;
  readonly noticeShownAt: Date | null;
  readonly unreachableAt: Date | null;
  readonly createdAt: Date;
}

const COLUMNS = `l.id, l.public_id as uuid, p.public_id as "pageUuid", p.meta_page_id as "metaPageId", l.status,
  l.tag_ids::text[] as "tagIds", l.opted_in_at as "optedInAt", l.withdrawn_at as "withdrawnAt",
  l.last_inbound_at as "lastInboundAt", l.notice_shown_at as "noticeShownAt", l.unreachable_at as "unreachableAt",
  l.created_at as "createdAt"`;

export interface LeadFilter {
  readonly accountId: RowId;
  /** Meta's id or ours. */
  readonly page: string | null;
  readonly status: ShownLeadStatus | 'unreachable' | null;
  readonly tagId: RowId | null;
  readonly before: RowId | null;
  readonly limit: number;
}

/** Newest first. */
export function selectLeads(sql: Sql, filter: LeadFilter): Promise<LeadListRow[]> {
  return sql.rows<LeadListRow>(
    `select ${COLUMNS} from lead l join page p on p.id = l.page_id
     where l.account_id = $1 and l.status <> 'erasing'
       and ($2::text is null or l.page_id in
             (select id from page where account_id = $1 and (meta_page_id = $2 or public_id::text = $2)))
       and ($3::text is null or case when $3 = 'unreachable' then l.unreachable_at is not null else l.status = $3 end)
       and ($4::bigint is null or l.tag_ids @> array[$4::bigint])
       and ($5::bigint is null or l.id < $5)
     order by l.id desc limit $6`,
    [filter.accountId, filter.page, filter.status, filter.tagId, filter.before, filter.limit],
  );
}

export function selectOwnLead(sql: Sql, accountId: RowId, leadUuid: string): Promise<LeadListRow | undefined> {
  return sql.first<LeadListRow>(
    `select ${COLUMNS} from lead l join page p on p.id = l.page_id where l.account_id = $1 and l.public_id = $2
       and l.status <> 'erasing'`,
    [accountId, leadUuid],
  );
}

export function selectOwnLeadById(sql: Sql, accountId: RowId, leadId: RowId): Promise<LeadListRow | undefined> {
  return sql.first<LeadListRow>(
    `select ${COLUMNS} from lead l join page p on p.id = l.page_id where l.account_id = $1 and l.id = $2
       and l.status <> 'erasing'`,
    [accountId, leadId],
  );
}

/** Every Page of the account that Meta's id or ours means; more than one when it was disconnected in between. */
export function selectOwnPages(
  sql: Sql,
  accountId: RowId,
  page: string,
): Promise<{ id: RowId; uuid: string; metaPageId: string }[]> {
  return sql.rows(
    `select id, public_id as uuid, meta_page_id as "metaPageId" from page
     where account_id = $1 and (meta_page_id = $2 or public_id::text = $2) order by state = 'disconnected', id desc`,
    [accountId, page],
  );
}
