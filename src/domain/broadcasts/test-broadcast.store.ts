import type { RowId, Sql, Tx } from '../sql.types';

export interface TestedLead {
  readonly id: RowId;
  readonly lastAt: Date;
}

/** Lets one test of an account count and queue at a time, to the end of `tx`. Whoever holds it waits for no lead. */
export const lockTests = (tx: Tx, accountId: RowId): Promise<unknown> =>
  tx.run(`select pg_advisory_xact_lock(hashtextextended('assent/test/' || $1::text, 0))`, [accountId]);

/** Leads of the account that a test was queued for after `since`, whose latest is oldest first. */
export const listTestedLeads = (sql: Sql, accountId: RowId, since: Date): Promise<TestedLead[]> =>
  sql.rows<TestedLead>(
    `select r.lead_id as id, max(r.created_at) as "lastAt"
      from reply r join page p on p.id = r.page_id
      where p.account_id = $1 and r.kind = 'test' and r.created_at > $2
      group by r.lead_id order by max(r.created_at), r.lead_id`,
    [accountId, since],
  );
