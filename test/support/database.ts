import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, escapeIdentifier } from 'pg';
import { migrations } from '../../migrations';
import { openDatabase } from '../../src/platform/postgres/database';
import { migrateDatabase } from '../../src/platform/postgres/migrate';

export interface TestDatabase {
  readonly url: string;
  readonly name: string;
  /** Call it in afterAll. Keeps the database, and says so, when a test of the file failed. */
  drop(): Promise<void>;
}

export interface TestDatabaseOptions {
  /** Names the template; files that prepare it differently must not share one. */
  readonly template?: string;
  readonly prepareTemplate?: (url: string) => Promise<void>;
}

const MIGRATIONS = resolve(__dirname, '../../migrations');
const TEMPLATE_LOCK = 7_100_002;
const OBJECT_IN_USE = '55006';
const IN_USE_LIMIT_MS = 10_000;

declare global {
  /** Set by jest-postgres-environment.ts. */
  var hasFailedTest: boolean | undefined;
}

/** A database of its own for one test file: a clone of a template that is migrated once for each state of migrations/. */
export async function createTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const { template = 'schema', prepareTemplate = migrateTemplate } = options;
  const name = `test_${randomBytes(8).toString('hex')}`;
  await withServer(async (server) => {
    const source = await ensureTemplate(server, `template_${template}_${migrationsHash()}`, prepareTemplate);
    await whenUnused(server, `create database ${name} template ${escapeIdentifier(source)}`);
  });
  return {
    url: testDatabaseUrl(name),
    name,
    drop: async () => {
      if (globalThis.hasFailedTest) {
        console.log(`a test failed: its database ${name} is kept for a day`);
        return;
      }
      await withServer((server) => server.query(`drop database if exists ${name} with (force)`));
    },
  };
}

/** The test server's connection string with another database; the server is TEST_DATABASE_URL or the embedded one. */
export function testDatabaseUrl(name: string): string {
  const server = process.env.TEST_DATABASE_URL;
  if (!server)
    throw new Error('no test server: this Jest project lacks globalSetup test/support/jest-postgres-setup.ts');
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

export async function migrateTemplate(url: string): Promise<void> {
  const database = await openDatabase({ url, poolSize: 2, migrations, applicationName: 'assent-test-template' });
  try {
    await migrateDatabase(database);
  } finally {
    await database.close();
  }
}

/** Changes with every byte below migrations/. */
export function migrationsHash(folder: string = MIGRATIONS): string {
  const hash = createHash('sha256');
  for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()) {
    hash
      .update(`${file.slice(folder.length)}\0`)
      .update(readFileSync(file))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 12);
}

async function withServer<T>(work: (server: Client) => Promise<T>): Promise<T> {
  const server = new Client({ connectionString: process.env.TEST_DATABASE_URL ?? testDatabaseUrl('postgres') });
  await server.connect();
  try {
    return await work(server);
  } finally {
    await server.end();
  }
}

/** Prepared under a draft name: a template that exists is whole. */
async function ensureTemplate(
  server: Client,
  name: string,
  prepareTemplate: (url: string) => Promise<void>,
): Promise<string> {
  if (await hasDatabase(server, name)) return name;
  await server.query('select pg_advisory_lock($1)', [TEMPLATE_LOCK]);
  try {
    if (await hasDatabase(server, name)) return name;
    const draft = `${name}_draft`;
    await server.query(`drop database if exists ${escapeIdentifier(draft)} with (force)`);
    await server.query(`create database ${escapeIdentifier(draft)} template template0`);
    await prepareTemplate(testDatabaseUrl(draft));
    await whenUnused(server, `alter database ${escapeIdentifier(draft)} rename to ${escapeIdentifier(name)}`);
  } finally {
    await server.query('select pg_advisory_unlock($1)', [TEMPLATE_LOCK]);
  }
  return name;
}

async function hasDatabase(server: Client, name: string): Promise<boolean> {
  return (await server.query('select from pg_database where datname = $1', [name])).rowCount === 1;
}

/** A connection that was just closed is gone on our side a moment before it is gone on the server's. */
async function whenUnused(server: Client, statement: string): Promise<void> {
  const deadlineMs = performance.now() + IN_USE_LIMIT_MS;
  for (;;) {
    try {
      await server.query(statement);
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== OBJECT_IN_USE || performance.now() > deadlineMs) throw error;
    }
    await delay(20);
  }
}
