import type { Database } from '../../src/domain/sql.types';

const tablesOf = (db: Database): Promise<{ name: string }[]> =>
  db.rows(`select table_name as name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE' and table_name <> 'migration' order by 1`);

/** A backup of every table, inside the same server. */
export async function backUp(db: Database): Promise<void> {
  await db.run('drop schema if exists backup cascade');
  await db.run('create schema backup');
  for (const { name } of await tablesOf(db))
    await db.run(`create table backup.${name} as select * from public.${name}`);
}

/** Puts the backup back: every table is as it was, whatever happened since. */
export const setBack = (db: Database): Promise<void> =>
  db.transaction(async (tx) => {
    await tx.run(`set local session_replication_role = 'replica'`);
    for (const { name } of await tablesOf(db)) {
      await tx.run(`delete from public.${name}`);
      const columns = await tx.rows<{ name: string }>(
        `select column_name as name from information_schema.columns
          where table_schema = 'public' and table_name = $1 and is_generated = 'NEVER'`,
        [name],
      );
      const list = columns.map((column) => column.name).join(', ');
      await tx.run(`insert into public.${name} (${list}) overriding system value select ${list} from backup.${name}`);
    }
  });
