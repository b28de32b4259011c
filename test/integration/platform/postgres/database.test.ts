import { readFile } from 'node:fs/promises';
import { codeOf } from '../../../../src/kernel/errors';
import { DatabaseError } from '../../../../src/platform/postgres/database-error';
import { openDatabase, type OpenDatabase } from '../../../../src/platform/postgres/database';
import { migrateDatabase } from '../../../../src/platform/postgres/migrate';
import { migrations } from '../../../../migrations';
import { createTestDatabase, type TestDatabase } from '../../../support/database';

let test: TestDatabase;
let db: OpenDatabase;

beforeAll(async () => {
  test = await createTestDatabase();
  db = await openDatabase({ url: test.url, poolSize: 6, migrations, applicationName: 'database-test' });
  await db.run('create table thing (id int primary key, secret text constraint thing_secret_key unique)');
  await db.run(`insert into thing values (1, 'one'), (2, 'two')`);
});

afterAll(async () => {
  await db.close();
  await test.drop();
});

const caught = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('openDatabase', () => {
  it('keeps every value out of its errors', async () => {
    const error = await caught(db.run('insert into thing values (3, $1)', ['one']));
    expect(error).toBeInstanceOf(DatabaseError);
    expect(error).toMatchObject({ sqlState: '23505', constraint: 'thing_secret_key' });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error as object))).not.toContain('(one)');
    expect((error as Error).cause).toBeUndefined();
  });

  it('rolls back what a failing transaction did', async () => {
    const error = await caught(
      db.transaction(async (tx) => {
        await tx.run('insert into thing values (9, null)');
        throw new RangeError('no');
      }),
    );
    expect(error).toBeInstanceOf(RangeError);
    expect(await db.rows('select 1 from thing where id = 9')).toEqual([]);
  });

  it('leaves an error of a file what it is', async () => {
    const error = await caught(db.transaction(() => readFile('/nowhere/hidden')));
    expect(codeOf(error)).toBe('ENOENT');
  });

  it('runs a transaction again after a deadlock', async () => {
    let runs = 0;
    const both = (first: number, second: number, met: () => Promise<void>) =>
      db.transaction(async (tx) => {
        runs += 1;
        await tx.run('update thing set secret = secret where id = $1', [first]);
        await met();
        await tx.run('update thing set secret = secret where id = $1', [second]);
      });
    let arrived = 0;
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const meet = async () => {
      arrived += 1;
      if (arrived >= 2) open();
      await gate;
    };
    await Promise.all([both(1, 2, meet), both(2, 1, meet)]);
    expect(runs).toBe(3);
  });

  it('ends a transaction that idles longer than it may', async () => {
    const error = await caught(
      db.transaction(
        async (tx) => {
          const row = await tx.first<{ pid: number }>('select pg_backend_pid() as pid');
          for (;;) {
            const alive = await db.rows('select 1 from pg_stat_activity where pid = $1', [row?.pid]);
            if (alive.length === 0) break;
          }
          await tx.run('select 1');
        },
        { idleTimeoutMs: 100 },
      ),
    );
    expect(error).toBeInstanceOf(DatabaseError);
    expect(await db.rows('select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('says why a server cannot be reached, without its address', async () => {
    const url = 'postgres://u:hidden@127.0.0.1:9/x';
    const error = await caught(openDatabase({ url, poolSize: 1, applicationName: 'x' }));
    expect(error).toMatchObject({ sqlState: 'ECONNREFUSED' });
    expect(String(error)).not.toContain('hidden');
  });
});

describe('migrateDatabase', () => {
  it('does nothing the second time, however many processes start', async () => {
    expect(await Promise.all([migrateDatabase(db), migrateDatabase(db), migrateDatabase(db)])).toEqual([0, 0, 0]);
  });

  it('refuses a schema that a newer build has made', async () => {
    await db.run(`insert into schema_migration (timestamp, name) values (1, 'FromTheFuture1')`);
    await expect(migrateDatabase(db)).rejects.toMatchObject({ code: 'schema_newer' });
    await db.run(`delete from schema_migration where name = 'FromTheFuture1'`);
  });
});
