import type { Refusal, ReturnCounts } from '../returns';
import type { RowId, Sql, Tx } from '../sql.types';

/** What became of the people of an archive; `no_proof`: nothing in it proves anything of them. */
export interface PeopleCounts extends Omit<ReturnCounts, 'refused'> {
  readonly refused: Readonly<Partial<Record<Refusal | 'no_proof', number>>>;
}

export interface ImportProgress {
  readonly state: 'running' | 'done' | 'failed';
  readonly startedAt: Date;
  readonly updatedAt: Date;
  /** By the archive's own word. */
  readonly inArchive: number;
  readonly counts: PeopleCounts;
}

/** Takes the place of what was known of the import before. */
export async function beginImport(
  tx: Tx,
  { accountId, uuid, inArchive, at }: { accountId: RowId; uuid: string; inArchive: number; at: Date },
): Promise<void> {
  await tx.run(
    `insert into backup_import (account_id, public_id, state, in_archive, counts, started_at, updated_at)
     values ($1, $2, 'running', $3, '{"returned": 0, "already": 0, "refused": {}}', $4, $4)
     on conflict (account_id) do update set public_id = excluded.public_id, state = excluded.state,
       in_archive = excluded.in_archive, counts = excluded.counts, started_at = excluded.started_at,
       updated_at = excluded.updated_at`,
    [accountId, uuid, inArchive, at],
  );
}

/** One that another import took the place of says nothing more. */
export const recordImport = (
  sql: Sql,
  uuid: string,
  { state, counts, at }: { state: ImportProgress['state']; counts: PeopleCounts | null; at: Date },
): Promise<number> =>
  sql.run(
    `update backup_import set state = $2, counts = coalesce($3::jsonb, counts), updated_at = $4 where public_id = $1`,
    [uuid, state, counts === null ? null : JSON.stringify(counts), at],
  );

export const findImport = (sql: Sql, accountId: RowId): Promise<ImportProgress | undefined> =>
  sql.first(
    `select state, in_archive as "inArchive", counts, started_at as "startedAt", updated_at as "updatedAt"
      from backup_import where account_id = $1`,
    [accountId],
  );
