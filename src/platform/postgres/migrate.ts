import { UserError } from '../../kernel/errors';
import { toDatabaseError } from './database-error';
import type { OpenDatabase } from './database';

/** Any number of processes may start at once; one migrates, the others wait for it. */
const MIGRATION_LOCK = 7_100_001;

/**
 * Brings the schema up to this build.
 *
 * @throws {UserError} `schema_newer` when the database was migrated by a newer build: starting would corrupt it
 */
export async function migrateDatabase(database: OpenDatabase): Promise<number> {
  const guard = database.source.createQueryRunner();
  try {
    await guard.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await refuseNewerSchema(database);
    return (await database.source.runMigrations()).length;
  } catch (error) {
    throw error instanceof UserError ? error : toDatabaseError(error);
  } finally {
    await guard.query('select pg_advisory_unlock($1)', [MIGRATION_LOCK]).catch(toDatabaseError);
    await guard.release();
  }
}

async function refuseNewerSchema(database: OpenDatabase): Promise<void> {
  const [table] = await database.rows<{ present: boolean }>(
    `select to_regclass('schema_migration') is not null as present`,
  );
  if (table?.present !== true) return;
  const known = new Set(database.source.migrations.map((migration) => migration.name ?? ''));
  const applied = await database.rows<{ name: string }>('select name from schema_migration');
  const unknown = applied.filter((row) => !known.has(row.name));
  if (unknown.length > 0) {
    throw new UserError(
      'schema_newer',
      `the database has ${String(unknown.length)} migrations this build does not know; start the newer build`,
    );
  }
}
