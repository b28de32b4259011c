import type { Sql } from '../sql.types';

/** When rows were deleted last for an erasure; null when none ever were. */
export async function readNewestDeletion(sql: Sql): Promise<Date | null> {
  const row = await sql.first<{ at: Date | null }>(
    `select greatest((select max(rows_deleted_at) from erasure), (select max(rows_deleted_at) from account_erasure)) as at`,
  );
  return row?.at ?? null;
}

/** Tables that were not vacuumed by hand since. */
export async function readTablesBefore(sql: Sql, since: Date): Promise<string[]> {
  const rows = await sql.rows<{ name: string }>(
    `select quote_ident(relname) as name from pg_stat_user_tables
      where schemaname = 'public' and coalesce(last_vacuum, '-infinity') < $1 order by relname`,
    [since],
  );
  return rows.map(({ name }) => name);
}

/**
 * Without TRUNCATE, which would hold everybody off the table for a moment, and past a table that somebody has locked: the next round comes.
 *
 * @param table quoted; not inside of a transaction
 */
export const vacuum = (sql: Sql, table: string): Promise<number> =>
  sql.run(`vacuum (index_cleanup on, truncate off, skip_locked on) public.${table}`);
