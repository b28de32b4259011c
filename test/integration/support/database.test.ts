import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { createTestDatabase, migrationsHash, testDatabaseUrl } from '../../support/database';

async function query<Row extends object>(url: string, text: string, values: unknown[] = []): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}

const exists = async (name: string): Promise<boolean> =>
  (await query(testDatabaseUrl('postgres'), 'select 1 as one from pg_database where datname = $1', [name])).length ===
  1;

test('parallel callers share one preparation and get databases of their own', async () => {
  const template = `once${process.pid}`;
  let prepared = 0;
  const prepareTemplate = async (url: string): Promise<void> => {
    prepared += 1;
    await query(url, 'create table thing (id int)');
  };
  const databases = await Promise.all([1, 2, 3].map(() => createTestDatabase({ template, prepareTemplate })));
  expect(prepared).toBe(1);
  expect(new Set(databases.map((database) => database.name)).size).toBe(3);
  await query(databases[0]!.url, 'insert into thing values (1)');
  expect(await query(databases[0]!.url, 'select id from thing')).toEqual([{ id: 1 }]);
  expect(await query(databases[1]!.url, 'select id from thing')).toEqual([]);
  await Promise.all(databases.map((database) => database.drop()));
  for (const { name } of databases) expect(await exists(name)).toBe(false);
  await query(testDatabaseUrl('postgres'), `drop database template_${template}_${migrationsHash()}`);
});

test('a preparation that failed is tried again', async () => {
  const template = `retry${process.pid}`;
  const failing = createTestDatabase({ template, prepareTemplate: () => Promise.reject(new Error('no')) });
  await expect(failing).rejects.toThrow('no');
  const database = await createTestDatabase({
    template,
    prepareTemplate: async (url) => {
      await query(url, 'create table t ()');
    },
  });
  expect(await query(database.url, 'select * from t')).toEqual([]);
  await database.drop();
  await query(testDatabaseUrl('postgres'), `drop database template_${template}_${migrationsHash()}`);
});

test('the default template has our migrations', async () => {
  const database = await createTestDatabase();
  expect(await query<{ n: number }>(database.url, 'select count(*)::int as n from schema_migration')).not.toEqual([
    { n: 0 },
  ]);
  await database.drop();
});

test('after a failed test of the file the database is kept', async () => {
  const database = await createTestDatabase();
  const printed = jest.spyOn(console, 'log').mockImplementation(() => undefined);
  globalThis.hasFailedTest = true;
  try {
    await database.drop();
    expect(printed.mock.calls.flat().join()).toContain(database.name);
  } finally {
    globalThis.hasFailedTest = false;
    printed.mockRestore();
  }
  expect(await exists(database.name)).toBe(true);
  await database.drop();
  expect(await exists(database.name)).toBe(false);
});

test('the hash follows names and contents', () => {
  const folder = mkdtempSync(join(tmpdir(), 'assent-hash-'));
  try {
    writeFileSync(join(folder, 'a.ts'), '1');
    const first = migrationsHash(folder);
    expect(migrationsHash(folder)).toBe(first);
    writeFileSync(join(folder, 'a.ts'), '2');
    const second = migrationsHash(folder);
    writeFileSync(join(folder, 'b.ts'), '');
    expect(new Set([first, second, migrationsHash(folder)]).size).toBe(3);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
