import type { RowId, Tx } from '../sql.types';
import { audienceSql, type ResolvedAudience } from './audience.store';
import { windowEdges, type EligibilityRules } from './eligibility.rules';
import { eligibilitySql } from './eligibility.store';
import { makeSqlParameters } from './sql-parameters';

/**
 * Writes one delivery for every lead of the audience, numbered in lead order.
 *
 * One statement, so that everybody is judged against the same snapshot. Lead order makes the claim's reads of leads
 * neighbours, and keeps the index over leads growing at its end: random order takes twice as long for a million.
 *
 * @returns how many rows it wrote
 */
export function insertDeliveries(
  tx: Tx,
  broadcastId: RowId,
  audience: ResolvedAudience,
  rules: EligibilityRules,
  now: Date,
): Promise<number> {
  const parameters = makeSqlParameters();
  const { bind } = parameters;
  const edges = windowEdges(rules, now);
  const broadcast = bind(broadcastId);
  const at = bind(now);
  const version = bind(rules.ruleVersion);
  const decision = eligibilitySql({
    lead: 'l',
    page: 'p',
    now: at,
    standardEdge: bind(edges.standardEdge),
    adEdge: bind(edges.adEdge),
  });
  return tx.run(
    `insert into delivery (broadcast_id, seq, page_id, lead_id, status, reason, path, basis, consent_entry,
       notice_version, rule_version, due_at, subject_n, settled_at)
     select ${broadcast}::bigint, row_number() over (order by f.id), f.page_id, f.id,
       case when f.reason is null then 'pending' else 'skipped' end, f.reason, f.path, f.basis,
       case when f.reason is null then f.consent_entry end, case when f.reason is null then f.notice_version end,
       ${version}::text, case when f.reason is null then ${at}::timestamptz end,
       case when f.reason is null then f.chain_n end, case when f.reason is not null then ${at}::timestamptz end
      from (
        select l.id, l.page_id, l.consent_entry, l.notice_version, l.chain_n, ${decision.reason} as reason,
          ${decision.path} as path, ${decision.basis} as basis
         from lead l join page p on p.id = l.page_id
        where ${audienceSql(audience, parameters, edges)}
        offset 0
      ) f
      order by f.id`,
    parameters.values,
  );
}

/** Opens each Page of a freshly frozen broadcast that has somebody to send to; blocks it where the Page is stopped. */
export async function openFrozenPages(tx: Tx, broadcastId: RowId): Promise<void> {
  await tx.run(
    `update broadcast_page bp set generation = bp.generation + 1,
       state = case when not f.pending then 'done' when p.state = 'active' then 'open' else 'blocked' end,
       blocked_reason = case when f.pending and p.state <> 'active' then coalesce(p.stop_reason, p.state) end
      from page p, lateral (
        select exists (select from delivery d where d.broadcast_id = $1 and d.page_id = p.id and d.status = 'pending')
          as pending) f
      where bp.broadcast_id = $1 and p.id = bp.page_id`,
    [broadcastId],
  );
}
