import { IS_THERE } from '../leads';
import type { RowId, Sql } from '../sql.types';

/** Where a person lies. */
export interface PersonPlace {
  readonly leadId: RowId;
  readonly accountId: RowId;
  readonly pageId: RowId;
  readonly pageUuid: string;
  readonly metaPageId: string;
  readonly pageName: string;
}

const PLACE = `l.id as "leadId", l.account_id as "accountId", p.id as "pageId", p.public_id as "pageUuid",
  p.meta_page_id as "metaPageId", p.name as "pageName"
  from lead l join page p on p.id = l.page_id where ${IS_THERE}`;

export const findOwn = (sql: Sql, accountId: RowId, leadUuid: string): Promise<PersonPlace | undefined> =>
  sql.first(`select ${PLACE} and l.account_id = $1 and l.public_id = $2`, [accountId, leadUuid]);

export const findByToken = (sql: Sql, tokenSha256: Buffer): Promise<PersonPlace | undefined> =>
  sql.first(`select ${PLACE} and l.web_token_sha256 = $1`, [tokenSha256]);

/** People of an account in the order of their rows. */
export const listPlaces = (sql: Sql, accountId: RowId, afterId: RowId, limit: number): Promise<PersonPlace[]> =>
  sql.rows(`select ${PLACE} and l.account_id = $1 and l.id > $2 order by l.id limit $3`, [accountId, afterId, limit]);

export interface LeadFacts {
  readonly tagIds: readonly RowId[];
  readonly timeZone: string | null;
  readonly restrictedAt: Date | null;
  readonly noticeVersion: number | null;
  readonly tokenExpiresAt: Date | null;
}

export const readLeadFacts = (sql: Sql, leadId: RowId): Promise<LeadFacts | undefined> =>
  sql.first(
    `select tag_ids::text[] as "tagIds", time_zone as "timeZone", restricted_at as "restrictedAt",
       notice_version as "noticeVersion", marketing_token_expires_at as "tokenExpiresAt" from lead where id = $1`,
    [leadId],
  );

export interface WebhookPiece {
  readonly deliveryId: string;
  readonly position: number;
  readonly bytes: Buffer;
}

/** The person's own events; what lies around them holds nobody's words. */
export const readOwnEvents = (sql: Sql, leadId: RowId): Promise<WebhookPiece[]> =>
  sql.rows(
    `select delivery_id as "deliveryId", position, bytes from evidence_segment
      where lead_id = $1 and kind = 'e' order by delivery_id, position`,
    [leadId],
  );

export interface MessageFacts {
  readonly broadcastUuid: string | null;
  readonly isTest: boolean;
  readonly attempt: number;
  readonly status: string | null;
  readonly reason: string | null;
  readonly path: string | null;
  readonly authorisedAt: Date | null;
  readonly settledAt: Date | null;
  readonly deliveredAt: Date | null;
  readonly readAt: Date | null;
  readonly clickedAt: Date | null;
  readonly unsubscribedAt: Date | null;
}

/** Broadcasts the person was chosen for, with what became of it; then earlier attempts and tests. */
export const readMessageFacts = (sql: Sql, leadId: RowId): Promise<MessageFacts[]> =>
  sql.rows(
    `select b.public_id as "broadcastUuid", false as "isTest", d.attempt, d.status, d.reason, d.path,
       d.claimed_at as "authorisedAt", d.settled_at as "settledAt", d.delivered_at as "deliveredAt", d.read_at as "readAt",
       d.clicked_at as "clickedAt", d.unsubscribed_at as "unsubscribedAt"
      from delivery d join broadcast b on b.id = d.broadcast_id where d.lead_id = $1
     union all
     select broadcast_uuid, is_test, attempt, null, null, path, claimed_at, null, null, null, null, null
      from logged_send where lead_id = $1
     order by "authorisedAt" nulls last, attempt`,
    [leadId],
  );

export interface ReplyFacts {
  readonly kind: string;
  readonly language: string;
  readonly status: string;
  readonly reason: string | null;
  readonly createdAt: Date;
  readonly settledAt: Date | null;
}

export const readReplyFacts = (sql: Sql, leadId: RowId): Promise<ReplyFacts[]> =>
  sql.rows(
    `select kind, language, status, reason, created_at as "createdAt", settled_at as "settledAt"
      from reply where lead_id = $1 order by id`,
    [leadId],
  );

export interface PlanFacts {
  readonly broadcastUuid: string;
  readonly status: string;
}

/** Broadcasts that name the person and have not chosen their audience yet. */
export const readPlans = (sql: Sql, leadId: RowId): Promise<PlanFacts[]> =>
  sql.rows(
    `select b.public_id as "broadcastUuid", b.status
      from broadcast_lead t join broadcast b on b.id = t.broadcast_id
     where t.lead_id = $1 and b.frozen_at is null order by b.id`,
    [leadId],
  );

export interface HandedOut {
  readonly kind: string;
  readonly state: string;
  readonly createdAt: Date;
}

export const readHandedOut = (sql: Sql, leadId: RowId): Promise<HandedOut[]> =>
  sql.rows(
    `select e.kind, e.state, e.created_at as "createdAt"
      from proof_export_lead x join proof_export e on e.id = x.export_id where x.lead_id = $1 order by e.id`,
    [leadId],
  );

export async function isOnList(sql: Sql, pageId: RowId, personMac: Buffer): Promise<boolean> {
  const row = await sql.first('select from suppression where page_id = $1 and person_mac = $2', [pageId, personMac]);
  return row !== undefined;
}
