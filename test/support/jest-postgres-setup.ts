import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Client, escapeIdentifier } from 'pg';
import { openEmbeddedPostgres, type EmbeddedPostgres } from '../../src/platform/embedded';
import { migrationsHash } from './database';

declare global {
  var testServer: EmbeddedPostgres | undefined;
}

const CLONE = resolve(__dirname, '../..');

/**
 * One server for all workers of a run, kept between runs. Workers find it in TEST_DATABASE_URL; where the developer
 * has set that, no server is started.
 */
export default async function setUp(): Promise<void> {
  if (process.env.TEST_DATABASE_URL) return;
  const clone = createHash('sha256').update(CLONE).digest('hex').slice(0, 8);
  const server = await openEmbeddedPostgres({
    dataDir: join(tmpdir(), `assent-test-${process.getuid?.() ?? 0}-${clone}`),
    database: 'assent_test',
    settings: { fsync: 'off', full_page_writes: 'off' }, // nothing here has to survive a power cut
    onMessage: (text) => console.log(text),
  });
  globalThis.testServer = server;
  process.env.TEST_DATABASE_URL = server.url;
  await dropForgotten(server.url);
}

/** Databases that a failed or killed run left behind, and templates of earlier migrations, once they are a day old. */
async function dropForgotten(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ datname: string }>(
      `select datname from pg_database
       where (datname like 'test\\_%' or datname like 'template\\_%') and datname not like $1
         and (pg_stat_file('base/' || oid || '/PG_VERSION', true)).modification < now() - interval '1 day'`,
      [`%${migrationsHash()}%`],
    );
    for (const { datname } of rows)
      await client.query(`drop database if exists ${escapeIdentifier(datname)} with (force)`);
  } finally {
    await client.end();
  }
}
