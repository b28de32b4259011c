import { InvariantError } from '../../kernel/errors';
import { eligibilitySql, type WindowEdges } from '../broadcasts';
import type { RowId, Sql, Tx } from '../sql.types';

/** What a message to a lead rests on, by the rules of a claim. */
export interface TestGrant {
  readonly leadId: RowId;
  readonly subjectRef: Buffer;
  readonly chainN: number;
  readonly consentEntry: string | null;
  readonly consentCommitment: Buffer | null;
  /** Leaf of the consent; null while no signed checkpoint holds it. PostgreSQL's bigint. */
  readonly consentIndex: string | null;
  /** Why the lead is skipped; null when it is eligible. */
  readonly reason: string | null;
  readonly path: 'standard' | null;
}

/** The server's time, cut to milliseconds, as entries write theirs. */
export async function readClaimTime(tx: Tx): Promise<Date> {
  const row = await tx.first<{ at: Date }>(`select date_trunc('milliseconds', clock_timestamp()) as at`);
  if (row === undefined) throw new InvariantError('time_missing', 'the database told no time');
  return row.at;
}

const eligible = eligibilitySql({ lead: 'l', page: 'p', now: '$2', standardEdge: '$3', adEdge: '$4' });

/** Needs the leads locked: what an unsubscribe has committed is seen, and none commits before the claim does. */
export const readTestGrants = (tx: Tx, leadIds: readonly RowId[], at: Date, edges: WindowEdges): Promise<TestGrant[]> =>
  tx.rows(
    `select l.id as "leadId", l.subject_ref as "subjectRef", l.chain_n as "chainN", l.consent_entry as "consentEntry",
       l.consent_commitment as "consentCommitment",
       (select leaf_index from ledger_leaf where entry_id = l.consent_entry) as "consentIndex",
       ${eligible.reason} as reason, ${eligible.path} as path
      from lead l join page p on p.id = l.page_id where l.id = any($1::bigint[])`,
    [leadIds, at, edges.standardEdge, edges.adEdge],
  );

/** A test send as it was logged. */
export interface LoggedTest {
  readonly replyUuid: string;
  readonly attempt: number;
  readonly leadId: RowId;
  readonly path: string;
  readonly consentEntry: string;
  readonly subjectN: number;
  readonly position: number;
}

/** What the logged tests of one chunk rest on: from it their proofs are made. */
export async function insertLoggedTests(
  sql: Sql,
  chunk: {
    readonly broadcast: { readonly id: RowId; readonly uuid: string };
    readonly pageId: RowId;
    readonly at: Date;
    readonly entryId: string;
  },
  tests: readonly LoggedTest[],
): Promise<void> {
  await sql.run(
    `insert into logged_send (message_id, attempt, is_test, broadcast_id, broadcast_uuid, page_id, lead_id, path,
       consent_entry, subject_n, claimed_at, sends_entry, sends_position)
     select c.message_id, c.attempt, true, $1, $2, $3, c.lead_id, c.path, c.consent_entry, c.subject_n, $4, $5, c.position
      from unnest($6::uuid[], $7::smallint[], $8::bigint[], $9::text[], $10::uuid[], $11::int[], $12::smallint[])
        as c (message_id, attempt, lead_id, path, consent_entry, subject_n, position)`,
    [
      chunk.broadcast.id,
      chunk.broadcast.uuid,
      chunk.pageId,
      chunk.at,
      chunk.entryId,
      tests.map(({ replyUuid }) => replyUuid),
      tests.map(({ attempt }) => attempt),
      tests.map(({ leadId }) => leadId),
      tests.map(({ path }) => path),
      tests.map(({ consentEntry }) => consentEntry),
      tests.map(({ subjectN }) => subjectN),
      tests.map(({ position }) => position),
    ],
  );
}
