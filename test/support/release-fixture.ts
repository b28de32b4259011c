import { cpSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Client } from 'pg';
import { Foundation1763900000000 } from '../../migrations/1763900000000-foundation';
import { openDatabase } from '../../src/platform/postgres/database';
import { migrateDatabase } from '../../src/platform/postgres/migrate';
import { createTestDatabase, type TestDatabase } from './database';
import { newDataDir } from './data-dir';
import { ROOT } from './program';

const FOLDER = path.join(ROOT, 'test/fixtures/release-0.1.0');

/** Names from test/fixtures/release-0.1.0, which its README.md describes. */
export const RELEASE_0_1_0 = {
  apiKey: 'assent_kblgs67g_X9_9phka7nEpX5M7VJ2W6DGgfOxFURUfn0d1hi2BGak',
  pageId: '280959909730432',
  /** Opted in, got a message, left. */
  ann: '726b33bf-006c-4420-98c4-202d88b9de60',
  /** Opted in and got the same message. */
  ben: '01b2e37b-fc61-4315-a80e-6ec517a1852d',
  /** A broadcast that was never launched. */
  draft: '37c695a6-061e-4486-bac3-1b9d660d08bd',
} as const;

export interface PreviousRelease {
  readonly database: TestDatabase;
  /** Keys, secrets and the sandbox's memory. */
  readonly dataDir: string;
  /** The entries that waited for a log, in the order in which they were written. */
  readonly waiting: readonly string[];
}

type Rows = Readonly<Record<string, readonly object[]>>;
const readRows = (): Rows => JSON.parse(readFileSync(path.join(FOLDER, 'rows.json'), 'utf8')) as Rows;

/** A database of its own on the schema of 0.1.0, with the rows and the data directory that a real run of 0.1.0 left. */
export async function restorePreviousRelease(): Promise<PreviousRelease> {
  const database = await createTestDatabase({ template: 'release_0_1_0', prepareTemplate: restoreRows });
  const dataDir = newDataDir();
  cpSync(FOLDER, dataDir, { recursive: true, filter: (file) => !/rows\.json$|README\.md$/.test(file) });
  const waiting = readRows().ledger_pending as readonly { readonly id: number; readonly entry_id: string }[];
  return { database, dataDir, waiting: waiting.toSorted((a, b) => a.id - b.id).map(({ entry_id: id }) => id) };
}

async function restoreRows(url: string): Promise<void> {
  const schema = await openDatabase({
    url,
    poolSize: 2,
    migrations: [Foundation1763900000000],
    applicationName: 'release-0.1.0',
  });
  await migrateDatabase(schema);
  await schema.close();
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    // References may point to tables that come later.
    await client.query('set session_replication_role = replica');
    for (const [table, rows] of Object.entries(readRows())) {
      await client.query(
        `insert into ${table} overriding system value select * from jsonb_populate_recordset(null::${table}, $1)`,
        [JSON.stringify(rows)],
      );
    }
    await client.query(`do $$ declare c record; begin
      for c in select table_name as t from information_schema.columns where table_schema = 'public' and is_identity = 'YES' loop
        execute format('select setval(pg_get_serial_sequence(%L, ''id''), coalesce((select max(id) from %I), 0) + 1, false)', c.t, c.t);
      end loop; end $$`);
  } finally {
    await client.end();
  }
}
