import type { Sql } from '../sql.types';
import { audienceSql, type ResolvedAudience } from './audience.store';
import { windowEdges, type EligibilityRules } from './eligibility.rules';
import { eligibilitySql } from './eligibility.store';
import type { DecisionRow } from './preflight.rules';
import { makeSqlParameters } from './sql-parameters';

/** Judges the whole audience as a freeze at `now` would, and writes nothing. */
export function countAudience(
  sql: Sql,
  audience: ResolvedAudience,
  rules: EligibilityRules,
  now: Date,
): Promise<DecisionRow[]> {
  const parameters = makeSqlParameters();
  const { bind } = parameters;
  const edges = windowEdges(rules, now);
  const decision = eligibilitySql({
    lead: 'l',
    page: 'p',
    now: bind(now),
    standardEdge: bind(edges.standardEdge),
    adEdge: bind(edges.adEdge),
  });
  return sql.rows<DecisionRow>(
    `select l.page_id as "pageId", ${decision.reason} as reason, ${decision.path} as path, count(*)::int as count
      from lead l join page p on p.id = l.page_id
     where ${audienceSql(audience, parameters, edges)}
     group by 1, 2, 3`,
    parameters.values,
  );
}

export interface LeadDecision {
  readonly id: string;
  readonly uuid: string;
  readonly locale: string | null;
  readonly pageId: string;
  readonly pageUuid: string;
  readonly metaPageId: string;
  readonly reason: DecisionRow['reason'];
}

/** Judges single leads of the account, in the order of their rows. */
export function judgeLeads(
  sql: Sql,
  accountId: string,
  leadIds: readonly string[],
  rules: EligibilityRules,
  now: Date,
): Promise<LeadDecision[]> {
  const edges = windowEdges(rules, now);
  const decision = eligibilitySql({ lead: 'l', page: 'p', now: '$3', standardEdge: '$4', adEdge: '$5' });
  return sql.rows<LeadDecision>(
    `select l.id, l.public_id as uuid, l.locale, p.id as "pageId", p.public_id as "pageUuid",
       p.meta_page_id as "metaPageId", ${decision.reason} as reason
      from lead l join page p on p.id = l.page_id
     where l.account_id = $1 and l.id = any($2::bigint[]) order by l.id`,
    [accountId, leadIds, now, edges.standardEdge, edges.adEdge],
  );
}
