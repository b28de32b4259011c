import type { Sql } from '../sql.types';

/** When rows were deleted last for an erasure; null when none ever were. */
export async function readNewestDeletion(sql: Sql): Promise<Date | null> {
  const row = await sql.first<{ at: Date | null }>(
    `select greatest((select max(rows_deleted_at) from erasure), (select max(rows_deleted_at) from account_erasure)) as at`,
  );
  return row?.at ?? null;
}

/** Whether a transaction that began before a moment still reads what was there then. */
export async function isSeenFromBefore(sql: Sql, moment: Date): Promise<boolean> {
  const row = await sql.first<{ found: boolean }>(
    `select exists (select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
       and backend_xmin is not null and xact_start < $1) as found`,
    [moment],
  );
  return row?.found === true;
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
