import { IS_THERE } from '../leads';
import type { RowId, Sql } from '../sql.types';
import type { BundleKind } from './manifest.rules';

export interface NewExport {
  readonly uuid: string;
  readonly accountId: RowId;
  readonly kind: BundleKind;
  readonly checkpointSize: number;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

export async function insertExport(sql: Sql, made: NewExport): Promise<RowId> {
  const row = await sql.first<{ id: RowId }>(
    `insert into proof_export (public_id, account_id, kind, state, checkpoint_size, created_at, expires_at)
     values ($1, $2, $3, 'running', $4, $5, $6) returning id`,
    [made.uuid, made.accountId, made.kind, made.checkpointSize, made.createdAt, made.expiresAt],
  );
  return row?.id ?? '0';
}

/** Leads of `$1` that nobody has asked to erase, alone or with their account. */
const THERE = `from lead l join page p on p.id = l.page_id
  where l.id = any($1::bigint[]) and ${IS_THERE}`;

/**
 * Whose data an export holds: for whoever asks where theirs went.
 *
 * @returns who of them is still there; the others must not leave
 */
export async function recordDisclosure(sql: Sql, exportId: RowId, leadIds: readonly RowId[]): Promise<RowId[]> {
  // Locked, so that nobody is deleted between the two halves.
  const rows = await sql.rows<{ id: RowId }>(
    `with there as (select l.id ${THERE} order by l.id for key share of l),
       noted as (insert into proof_export_lead (export_id, lead_id) select $2, id from there on conflict do nothing)
     select id from there`,
    [leadIds, exportId],
  );
  return rows.map(({ id }) => id);
}

export async function countThere(sql: Sql, leadIds: readonly RowId[]): Promise<number> {
  const row = await sql.first<{ count: number }>(`select count(*)::int as count ${THERE}`, [leadIds]);
  return row?.count ?? 0;
}

export interface ExportEnd {
  readonly state: 'complete' | 'broken';
  readonly records: number;
  readonly bytes: number;
  readonly sha256: Buffer | null;
  readonly finishedAt: Date;
}

export async function finishExport(sql: Sql, id: RowId, end: ExportEnd): Promise<void> {
  await sql.run(
    `update proof_export set state = $2, records = $3, bytes = $4, sha256 = $5, finished_at = $6
      where id = $1 and state = 'running'`,
    [id, end.state, end.records, end.bytes, end.sha256, end.finishedAt],
  );
}

export interface ExportView {
  readonly id: RowId;
  readonly uuid: string;
  readonly kind: BundleKind;
  readonly state: 'running' | 'complete' | 'broken';
  readonly checkpointSize: number;
  readonly records: number;
  readonly bytes: number;
  readonly sha256: Buffer | null;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
  readonly expiresAt: Date;
}

export async function readExports(
  sql: Sql,
  accountId: RowId,
  before: RowId | null,
  limit: number,
): Promise<ExportView[]> {
  const rows = await sql.rows<Omit<ExportView, 'bytes' | 'checkpointSize'> & { bytes: string; checkpointSize: string }>(
    `select id, public_id as uuid, kind, state, checkpoint_size as "checkpointSize", records, bytes, sha256,
       created_at as "createdAt", finished_at as "finishedAt", expires_at as "expiresAt"
      from proof_export where account_id = $1 and ($2::bigint is null or id < $2) order by id desc limit $3`,
    [accountId, before, limit],
  );
  return rows.map((row) => ({ ...row, bytes: Number(row.bytes), checkpointSize: Number(row.checkpointSize) }));
}

/** @returns how many records were ended or deleted */
export async function expireExports(sql: Sql, now: Date, stuckSince: Date): Promise<number> {
  const broken = await sql.run(
    `update proof_export set state = 'broken', finished_at = $1 where state = 'running' and created_at < $2`,
    [now, stuckSince],
  );
  return broken + (await sql.run('delete from proof_export where expires_at <= $1', [now]));
}
