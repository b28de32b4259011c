import type { RowId, Sql } from '../sql.types';
import type { AudienceFilter, AudienceLookups } from './broadcast.types';
import type { WindowEdges } from './eligibility.rules';
import { windowOpenSql } from './eligibility.store';
import type { SqlParameters } from './sql-parameters';

/** Leads named one by one: kept with the broadcast, or given in the request. */
export type NamedLeads =
  | { readonly kind: 'anybody' }
  | { readonly kind: 'stored'; readonly broadcastId: RowId }
  | { readonly kind: 'given'; readonly leadIds: readonly RowId[] };

interface AudienceScope {
  readonly accountId: RowId;
  readonly pages: readonly { readonly id: RowId; readonly uuid: string }[];
  readonly filter: AudienceFilter;
  readonly named: NamedLeads;
}

/** A filter whose names have become ids. */
export interface ResolvedAudience extends AudienceScope {
  readonly tagsAny: readonly RowId[] | null;
  readonly tagsAll: readonly RowId[] | null;
  readonly tagsNone: readonly RowId[] | null;
  readonly refIndexes: readonly Buffer[] | null;
  /** Names in the filter that no lead of the account has ever carried. */
  readonly unknownTags: readonly string[];
}

/** Stands for a tag that does not exist: no lead carries it. */
const NO_TAG: RowId = '0';

/** Turns the names of a filter into ids; a name nobody carries matches nobody. */
export async function resolveAudience(
  sql: Sql,
  lookups: AudienceLookups,
  scope: AudienceScope,
): Promise<ResolvedAudience> {
  const { filter } = scope;
  const names = [...(filter.tagsAny ?? []), ...(filter.tagsAll ?? []), ...(filter.tagsNone ?? [])];
  const known = names.length === 0 ? new Map<string, RowId>() : await lookups.tagIds(sql, scope.accountId, names);
  const idOf = (name: string): RowId => known.get(name.normalize('NFC').trim()) ?? NO_TAG;
  const ids = (list: readonly string[] | undefined): RowId[] | null => list?.map(idOf) ?? null;
  return {
    ...scope,
    tagsAny: ids(filter.tagsAny),
    tagsAll: ids(filter.tagsAll),
    tagsNone: ids(filter.tagsNone),
    refIndexes: await refIndexes(lookups, scope),
    unknownTags: [...new Set(names.filter((name) => idOf(name) === NO_TAG))],
  };
}

async function refIndexes(lookups: AudienceLookups, { filter, pages }: AudienceScope): Promise<Buffer[] | null> {
  const refs = filter.refsAny;
  if (refs === undefined) return null;
  return Promise.all(pages.flatMap((page) => refs.map((ref) => lookups.refIndex(page.uuid, ref))));
}

/**
 * The audience as a condition on `lead l`. It keeps to the account whatever the filter says.
 *
 * Only what the filter names stands in the text, so that a narrow filter is planned as one; the number of different
 * texts stays small.
 */
export function audienceSql(audience: ResolvedAudience, parameters: SqlParameters, edges: WindowEdges): string {
  const { filter } = audience;
  const { bind } = parameters;
  const conditions = [
    `l.account_id = ${bind(audience.accountId)}::bigint`,
    `l.status <> 'erasing'`,
    `l.page_id = any(${bind(audience.pages.map((page) => page.id))}::bigint[])`,
    ...namedLeadsSql(audience.named, parameters),
  ];
  const { tagsAny, tagsAll, tagsNone, refIndexes: refs } = audience;
  if (tagsAny !== null) conditions.push(`l.tag_ids && ${bind(tagsAny)}::bigint[]`);
  if (tagsAll !== null) conditions.push(`l.tag_ids @> ${bind(tagsAll)}::bigint[]`);
  if (tagsNone !== null) conditions.push(`not l.tag_ids && ${bind(tagsNone)}::bigint[]`);
  if (refs !== null) conditions.push(`l.ref_index = any(${bind(refs)}::bytea[])`);
  if (filter.optedInAfter) conditions.push(`l.opted_in_at > ${bind(filter.optedInAfter)}::timestamptz`);
  if (filter.lastInboundAfter) conditions.push(`l.last_inbound_at > ${bind(filter.lastInboundAfter)}::timestamptz`);
  if (filter.locales) {
    const locales = bind(filter.locales);
    conditions.push(`(l.locale = any(${locales}::text[]) or split_part(l.locale, '_', 1) = any(${locales}::text[]))`);
  }
  if (filter.window === 'open') {
    const [standardEdge, adEdge] = [bind(edges.standardEdge), bind(edges.adEdge)];
    conditions.push(windowOpenSql({ lead: 'l', standardEdge, adEdge }));
  }
  if (filter.notInBroadcast) conditions.push(notInBroadcastSql(filter.notInBroadcast, parameters));
  return conditions.join('\n    and ');
}

function namedLeadsSql(named: NamedLeads, { bind }: SqlParameters): string[] {
  switch (named.kind) {
    case 'anybody':
      return [];
    case 'stored':
      return [`l.id in (select lead_id from broadcast_lead where broadcast_id = ${bind(named.broadcastId)}::bigint)`];
    case 'given':
      return [`l.id = any(${bind(named.leadIds)}::bigint[])`];
  }
}

/** Whose broadcast it is was checked when it was named; one of another account never holds leads of this one. */
const notInBroadcastSql = (broadcastUuid: string, { bind }: SqlParameters): string =>
  `not exists (select from delivery other where other.lead_id = l.id and other.broadcast_id =
    (select id from broadcast where public_id = ${bind(broadcastUuid)}::uuid))`;

/**
 * The leads of the account and the Pages among `leadUuids`, by their lower-case public id. In a transaction they stay
 * until its end: call it before anything else is locked.
 */
export async function findOwnLeads(
  sql: Sql,
  accountId: RowId,
  pageIds: readonly RowId[],
  leadUuids: readonly string[],
): Promise<Map<string, RowId>> {
  const rows = await sql.rows<{ id: RowId; uuid: string }>(
    `select id, public_id as uuid from lead
      where account_id = $1 and page_id = any($2::bigint[]) and public_id = any($3::uuid[]) and status <> 'erasing'
      order by id for key share`,
    [accountId, pageIds, leadUuids],
  );
  return new Map(rows.map((row) => [row.uuid, row.id]));
}

export async function isOwnBroadcast(sql: Sql, accountId: RowId, uuid: string): Promise<boolean> {
  const text = 'select 1 as found from broadcast where account_id = $1 and public_id = $2';
  return (await sql.first(text, [accountId, uuid])) !== undefined;
}
