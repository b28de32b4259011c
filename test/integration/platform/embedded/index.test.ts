import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEmbeddedPostgres } from '../../../../src/platform/embedded';
import {
  isRunning,
  makeDataDir,
  postmasterPid,
  query,
  removeDataDir,
  startChild,
  until,
} from '../../../support/embedded';

let dataDir: string;
beforeEach(() => (dataDir = makeDataDir()));
afterEach(() => removeDataDir(dataDir));

const starts = (): number =>
  readFileSync(join(dataDir, 'postgres.log'), 'utf8').split('starting PostgreSQL').length - 1;
const owner = (): { uid: number; gid: number } => statSync(join(dataDir, 'postgres'));
const messages: string[] = [];
const onMessage = (text: string): void => void messages.push(text);
beforeEach(() => (messages.length = 0));

describe('one process', () => {
  test('the first start makes a UTF-8 cluster, whatever LANG says, and a runtime file for its owner alone', async () => {
    const startedMs = performance.now();
    const server = await openEmbeddedPostgres({ dataDir, onMessage });
    expect(performance.now() - startedMs).toBeLessThan(15_000);
    try {
      const [facts] = await query(
        server.url,
        `select current_database() as db, pg_encoding_to_char(encoding) as encoding, datlocprovider as provider,
           upper('äß') as upper, current_setting('fsync') as fsync, current_setting('synchronous_commit') as sync,
           current_setting('listen_addresses') as host, current_setting('max_connections') as connections
         from pg_database where datname = current_database()`,
      );
      expect(facts).toEqual({
        db: 'assent',
        encoding: 'UTF8',
        provider: 'b',
        upper: 'Äß',
        fsync: 'on',
        sync: 'on',
        host: '127.0.0.1',
        connections: '200',
      });
      expect(statSync(join(dataDir, 'postgres.json')).mode & 0o777).toBe(0o600);
      expect(statSync(server.logFile).mode & 0o077).toBe(0);
      expect(server.dataDirectory).toBe(join(dataDir, 'postgres'));
      const wrong = new URL(server.url);
      wrong.password = 'x'.repeat(32);
      await expect(query(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
    } finally {
      await server.release();
    }
    expect(postmasterPid(dataDir)).toBeUndefined();
    expect(messages).toEqual([]);
  });

  test('the second start keeps the data and is quick; release twice is once', async () => {
    const first = await openEmbeddedPostgres({ dataDir });
    await query(first.url, 'create table kept (id int)');
    await first.release();
    await first.release();
    const startedMs = performance.now();
    const second = await openEmbeddedPostgres({ dataDir });
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    expect(await query(second.url, 'select id from kept')).toEqual([]);
    await second.release();
    expect(starts()).toBe(2);
  });

  test('no value of a row gets into the log of the server', async () => {
    const server = await openEmbeddedPostgres({ dataDir });
    try {
      await query(server.url, 'create table lead (psid text constraint lead_key unique)');
      await query(server.url, 'insert into lead values ($1)', ['value-one']);
      await expect(query(server.url, 'insert into lead values ($1)', ['value-one'])).rejects.toMatchObject({
        code: '23505',
      });
      await expect(query(server.url, "select 'value-two'::int")).rejects.toMatchObject({ code: '22P02' });
      await expect(query(server.url, 'select $1::text::int', ['value-three'])).rejects.toMatchObject({ code: '22P02' });
      const log = readFileSync(server.logFile, 'utf8');
      expect(log).toContain('ready to accept connections');
      expect(log).not.toMatch(/value-|lead/);
      const settings = await query(
        server.url,
        `select name, setting from pg_settings where name ~ '^log_(error_verb|min_err|min_mess|statement$|min_duration_statement|parameter)|^wal_comp' order by 1`,
      );
      expect(settings).toEqual([
        { name: 'log_error_verbosity', setting: 'terse' },
        { name: 'log_min_duration_statement', setting: '-1' },
        { name: 'log_min_error_statement', setting: 'panic' },
        { name: 'log_min_messages', setting: 'log' },
        { name: 'log_parameter_max_length', setting: '0' },
        { name: 'log_parameter_max_length_on_error', setting: '0' },
        { name: 'log_statement', setting: 'none' },
        { name: 'wal_compression', setting: 'off' },
      ]);
    } finally {
      await server.release();
    }
  });

  test('another database of the same server', async () => {
    const server = await openEmbeddedPostgres({ dataDir, database: 'other name' });
    expect(await query(server.url, 'select current_database() as db')).toEqual([{ db: 'other name' }]);
    expect(await query(server.databaseUrl('postgres'), 'select current_database() as db')).toEqual([
      { db: 'postgres' },
    ]);
    await server.release();
  });
});

describe('several processes', () => {
  test('a second process adopts the server; the last to leave stops it', async () => {
    const child = startChild(dataDir);
    const childUrl = await child.url;
    const pid = postmasterPid(dataDir)!;
    const server = await openEmbeddedPostgres({ dataDir });
    expect(server.url).toBe(childUrl);
    expect(postmasterPid(dataDir)).toBe(pid);
    await server.release();
    expect(await query(childUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(await child.release()).toMatchObject({ code: 0 });
    expect(await isRunning(pid)).toBe(false);
    expect(starts()).toBe(1);
  });

  test('another path to the same DATA_DIR leads to the same server', async () => {
    const child = startChild(dataDir);
    const url = await child.url;
    const pid = postmasterPid(dataDir);
    symlinkSync(dataDir, `${dataDir}-link`);
    const server = await openEmbeddedPostgres({ dataDir: `${dataDir}-link` });
    expect(server.url).toBe(url);
    expect(server.dataDirectory).toBe(join(dataDir, 'postgres'));
    expect(postmasterPid(dataDir)).toBe(pid);
    await child.release();
    await server.release();
    expect(starts()).toBe(1);
  });

  test('three that start at once share one cluster; three that leave at once stop it', async () => {
    const children = [1, 2, 3].map(() => startChild(dataDir));
    const urls = await Promise.all(children.map((child) => child.url));
    expect(new Set(urls).size).toBe(1);
    const pid = postmasterPid(dataDir)!;
    const ends = await Promise.all(children.map((child) => child.release()));
    expect(ends.map((end) => end.code)).toEqual([0, 0, 0]);
    expect(await isRunning(pid)).toBe(false);
    expect(starts()).toBe(1);
    expect(
      readdirSync(dataDir)
        .filter((name) => /^postgres\./.test(name))
        .sort(),
    ).toEqual(['postgres.json', 'postgres.log']);
  });

  test('of several that leave in the same moment, one stops the server', async () => {
    for (let round = 0; round < 3; round += 1) {
      const servers = await Promise.all([1, 2, 3, 4].map(() => openEmbeddedPostgres({ dataDir })));
      const pid = postmasterPid(dataDir)!;
      await Promise.all(servers.map((server) => server.release()));
      expect(await isRunning(pid)).toBe(false);
    }
    expect(starts()).toBe(3);
  });

  test('a newcomer that meets the last leaver always gets a server', async () => {
    let leaver = await openEmbeddedPostgres({ dataDir });
    for (let round = 0; round < 10; round += 1) {
      const leaving = leaver.release();
      const newcomer = await openEmbeddedPostgres({ dataDir });
      await leaving;
      expect(await query(newcomer.url, 'select 1 as one')).toEqual([{ one: 1 }]);
      leaver = newcomer;
    }
    await leaver.release();
    expect(postmasterPid(dataDir)).toBeUndefined();
  });

  test('Ctrl-C at the terminal ends the program, not the server; the next program adopts it', async () => {
    const child = startChild(dataDir, { detached: true });
    const url = await child.url;
    const pid = postmasterPid(dataDir)!;
    process.kill(-child.process.pid!, 'SIGINT');
    await child.exited;
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    const server = await openEmbeddedPostgres({ dataDir });
    expect(postmasterPid(dataDir)).toBe(pid);
    await server.release();
    expect(await isRunning(pid)).toBe(false);
  });
});

describe('after a crash', () => {
  test('of the server alone: the program that holds it starts it again on the same port, and holds it again', async () => {
    const server = await openEmbeddedPostgres({ dataDir });
    await query(server.url, 'create table kept (id int)');
    for (const crash of [1, 2]) {
      const pid = postmasterPid(dataDir)!;
      process.kill(pid, 'SIGKILL');
      await until(() => ![pid, undefined].includes(postmasterPid(dataDir)));
      await until(() =>
        query(server.url, 'select id from kept').then(
          () => true,
          () => false,
        ),
      );
      const held = `select 1 as one from pg_locks where locktype = 'advisory' and mode = 'ShareLock'`;
      await until(() => query(server.url, held).then((rows) => rows.length === 1));
      expect(starts()).toBe(1 + crash);
    }
    const child = startChild(dataDir);
    expect(await child.url).toBe(server.url);
    expect(await child.release()).toMatchObject({ code: 0 });
    expect(await query(server.url, 'select id from kept')).toEqual([]);
    await server.release();
    expect(postmasterPid(dataDir)).toBeUndefined();
  });

  test('of server and program: the next program recovers', async () => {
    const child = startChild(dataDir);
    await query(await child.url, 'create table kept as select 7 as id');
    const pid = postmasterPid(dataDir)!;
    child.process.kill('SIGKILL');
    process.kill(pid, 'SIGKILL');
    await child.exited;
    expect(postmasterPid(dataDir)).toBe(pid);
    const server = await openEmbeddedPostgres({ dataDir });
    expect(postmasterPid(dataDir)).not.toBe(pid);
    expect(await query(server.url, 'select id from kept')).toEqual([{ id: 7 }]);
    await server.release();
  });

  test('of the machine: postmaster.pid names a process that has nothing to do with it', async () => {
    await (await openEmbeddedPostgres({ dataDir })).release();
    const { uid, gid } = owner();
    const stranger = spawn('sleep', ['600'], { uid, gid, stdio: 'ignore' });
    try {
      const file = join(dataDir, 'postgres', 'postmaster.pid');
      writeFileSync(file, `${stranger.pid!}\n${join(dataDir, 'postgres')}\n1\n5432\n\n127.0.0.1\n 1 1\nready   \n`);
      const server = await openEmbeddedPostgres({ dataDir });
      expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
      await server.release();
      expect(stranger.exitCode).toBeNull();
    } finally {
      stranger.kill();
    }
  });

  test('in the middle of initdb: it is done anew', async () => {
    const child = startChild(dataDir);
    await until(() => {
      try {
        const draft = readdirSync(dataDir).find((name) => name.startsWith('postgres.new-'));
        return draft !== undefined && readdirSync(join(dataDir, draft, 'cluster')).includes('PG_VERSION');
      } catch {
        return false;
      }
    });
    child.process.kill('SIGKILL');
    await child.exited;
    expect(readdirSync(dataDir)).not.toContain('postgres');
    const server = await openEmbeddedPostgres({ dataDir, onMessage });
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await server.release();
    expect(readdirSync(dataDir).filter((name) => name.startsWith('postgres.new-'))).toEqual([]);
    expect(messages).toEqual([]);
  });

  test('a folder that is no whole cluster is moved aside, never deleted', async () => {
    mkdirSync(join(dataDir, 'postgres'), { recursive: true });
    writeFileSync(join(dataDir, 'postgres', 'PG_VERSION'), '18\n');
    const server = await openEmbeddedPostgres({ dataDir, onMessage });
    await server.release();
    const aside = readdirSync(dataDir).find((name) => name.startsWith('postgres.incomplete-'));
    expect(readFileSync(join(dataDir, aside!, 'PG_VERSION'), 'utf8')).toBe('18\n');
    expect(messages).toHaveLength(1);
  });

  test.each(['deleted', 'torn', 'of another cluster'])('the runtime file is %s', async (damage) => {
    const first = await openEmbeddedPostgres({ dataDir });
    await query(first.url, 'create table kept as select 7 as id');
    await first.release();
    const file = join(dataDir, 'postgres.json');
    if (damage === 'deleted') rmSync(file);
    if (damage === 'torn') writeFileSync(file, '{"port":');
    if (damage === 'of another cluster') writeFileSync(file, JSON.stringify({ port: 5, password: 'x'.repeat(32) }));
    const second = await openEmbeddedPostgres({ dataDir });
    expect(await query(second.url, 'select id from kept')).toEqual([{ id: 7 }]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await second.release();
  });
});

describe('what an operator has to mend', () => {
  test.each(['a$b', 'a"b', 'a`b'])('a folder named %s', async (name) => {
    await expect(openEmbeddedPostgres({ dataDir: join(dataDir, name) })).rejects.toMatchObject({
      code: 'embedded_postgres_path_unsupported',
    });
  });

  test('a cluster of another PostgreSQL version', async () => {
    await (await openEmbeddedPostgres({ dataDir })).release();
    writeFileSync(join(dataDir, 'postgres', 'PG_VERSION'), '17\n');
    await expect(openEmbeddedPostgres({ dataDir })).rejects.toMatchObject({
      code: 'embedded_postgres_version_mismatch',
    });
  });

  test('a server that does not start says why, without waiting', async () => {
    const settings = { wal_level: 'nonsense' };
    await expect(openEmbeddedPostgres({ dataDir, settings })).rejects.toMatchObject({
      code: 'embedded_postgres_start_failed',
      message: expect.stringMatching(/wal_level.*see .*postgres\.log/) as string,
    });
    await (await openEmbeddedPostgres({ dataDir })).release();
  });

  test('a DATA_DIR that is a file', async () => {
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, 'file'), '');
    await expect(openEmbeddedPostgres({ dataDir: join(dataDir, 'file', 'data') })).rejects.toMatchObject({
      code: 'embedded_postgres_no_access',
    });
  });
});

test('a folder with spaces and umlauts', async () => {
  const server = await openEmbeddedPostgres({ dataDir: join(dataDir, 'my dätä') });
  expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  await server.release();
});
