import { createHash } from 'node:crypto';
import { DataSource, type MigrationInterface } from 'typeorm';
import type { PoolClient } from 'pg';
import type { Database, Sql, TransactionOptions, Tx } from '../../domain/sql.types';
import { InvariantError } from '../../kernel/errors';
import { isRetryable, toDatabaseError } from './database-error';

const ATTEMPTS = 5;

export interface OpenDatabaseOptions {
  readonly url: string;
  /** Largest number of connections of this process. */
  readonly poolSize: number;
  readonly migrations?: readonly (new () => MigrationInterface)[];
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
}

export interface OpenDatabase extends Database {
  readonly source: DataSource;
  close(): Promise<void>;
}

const names = new Map<string, string>();

/** Named statements are planned once a connection. The set of texts is fixed by the code, so the map stays small. */
function statementName(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  const name = `a${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
  names.set(text, name);
  return name;
}

type Queryable = Pick<PoolClient, 'query'>;

async function query(client: Queryable, text: string, values: readonly unknown[] | undefined) {
  try {
    return await client.query<Record<string, unknown>>({
      name: statementName(text),
      text,
      values: [...(values ?? [])],
    });
  } catch (error) {
    throw toDatabaseError(error);
  }
}

function sqlOver(client: Queryable): Sql {
  return {
    rows: async <Row>(text: string, values?: readonly unknown[]) => (await query(client, text, values)).rows as Row[],
    first: async <Row>(text: string, values?: readonly unknown[]) =>
      (await query(client, text, values)).rows[0] as Row | undefined,
    run: async (text, values) => (await query(client, text, values)).rowCount ?? 0,
  };
}

/** One round trip also where a limit is set. */
function beginText({ idleTimeoutMs }: TransactionOptions): string {
  if (idleTimeoutMs === undefined) return 'begin';
  return `begin; set local idle_in_transaction_session_timeout = ${String(Math.trunc(idleTimeoutMs))}`;
}

/** What the driver throws is stripped of its values. */
async function byDriver<T>(call: Promise<T>): Promise<T> {
  return call.catch((error: unknown) => {
    throw toDatabaseError(error);
  });
}

async function once<T>(source: DataSource, work: (tx: Tx) => Promise<T>, options: TransactionOptions): Promise<T> {
  const runner = source.createQueryRunner();
  try {
    const client = (await byDriver(runner.connect())) as PoolClient;
    await byDriver(client.query(beginText(options)));
    try {
      const result = await work({ ...sqlOver(client), inTransaction: true });
      await byDriver(client.query('commit'));
      return result;
    } catch (error) {
      // Fails only when the connection is gone, and the transaction with it; what matters is why the work failed.
      await client.query('rollback').catch(toDatabaseError);
      throw error;
    }
  } finally {
    await runner.release();
  }
}

/**
 * Opens the pool. Migrations are run by `migrateDatabase`, not here.
 *
 * @throws {DatabaseError} when the server cannot be reached
 */
export async function openDatabase(options: OpenDatabaseOptions): Promise<OpenDatabase> {
  const source = new DataSource({
    type: 'postgres',
    url: options.url,
    applicationName: options.applicationName,
    poolSize: options.poolSize,
    migrations: [...(options.migrations ?? [])],
    migrationsTableName: 'schema_migration',
    migrationsTransactionMode: 'all',
    logging: false,
    installExtensions: false,
    extra: { keepAlive: true, connectionTimeoutMillis: 10_000 },
  });
  await source.initialize().catch((error: unknown) => {
    throw toDatabaseError(error);
  });
  const pool = (source.driver as unknown as { master: Queryable }).master;

  return {
    ...sqlOver(pool),
    source,
    transaction: async (work, transactionOptions = {}) => {
      for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
        try {
          return await once(source, work, transactionOptions);
        } catch (error) {
          if (!isRetryable(error) || attempt === ATTEMPTS) throw error;
        }
      }
      throw new InvariantError('unreachable', 'the retry loop ended without a result');
    },
    close: () => source.destroy(),
  };
}
