import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { openEmbeddedPostgres } from '../../../../src/platform/embedded';
import { ensureAccount } from '../../../../src/platform/embedded/account';
import {
  isRunning,
  makeDataDir,
  postmasterPid,
  query,
  removeDataDir,
  startChild,
  type Child,
} from '../../../support/embedded';

const isRoot = process.getuid?.() === 0;
const NOBODY = { uid: 65_534, gid: 65_534 };
const CLONE = resolve(__dirname, '../../../..');
/** As root the ordinary user is `nobody`, who cannot run a clone that lies under a 0700 home. */
const hasOrdinaryUser = !isRoot || spawnSync(process.execPath, ['-v'], { ...NOBODY, cwd: CLONE }).status === 0;

let dataDir: string;
const made: string[] = [];
const messages: string[] = [];
const onMessage = (text: string): void => void messages.push(text);
const location = (folder: string): string => readFileSync(join(folder, 'postgres-location'), 'utf8');

beforeEach(() => {
  dataDir = makeDataDir();
  messages.length = 0;
});
afterEach(async () => {
  await removeDataDir(dataDir);
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true });
});

function startAsOrdinaryUser(): Child {
  mkdirSync(dataDir, { recursive: true });
  if (isRoot) chownSync(dataDir, NOBODY.uid, NOBODY.gid);
  return startChild(dataDir, isRoot ? { ...NOBODY, cwd: CLONE } : {});
}

if (hasOrdinaryUser) {
  test('an ordinary user runs the server as himself', async () => {
    const child = startAsOrdinaryUser();
    expect(await query(await child.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(statSync(join(dataDir, 'postgres')).uid).toBe(isRoot ? NOBODY.uid : process.getuid?.());
    expect(statSync(join(dataDir, 'postgres.json')).mode & 0o777).toBe(0o600);
    const pid = postmasterPid(dataDir)!;
    expect(await child.release()).toMatchObject({ code: 0 });
    expect(await isRunning(pid)).toBe(false);
  });

  test('an ordinary user does not start over beside a database that root keeps elsewhere', async () => {
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, 'postgres-location'), '/var/lib/assent/elsewhere');
    const { code, errors } = await startAsOrdinaryUser().exited;
    expect(code).toBe(1);
    expect(errors).toMatch(/embedded_postgres_no_access|made by root/);
    expect(existsSync(join(dataDir, 'postgres'))).toBe(false);
  });
}

test('a system user that cannot be made is named', async () => {
  if (isRoot) mkdirSync(dataDir);
  const attempt = ensureAccount('not a valid name!');
  await expect(attempt).rejects.toMatchObject({
    code: 'embedded_postgres_no_system_user',
    message: expect.stringMatching(/not a valid name!.*set DATABASE_URL/) as string,
  });
});

if (isRoot && hasOrdinaryUser) {
  test('root runs the cluster of an ordinary user as that user, who can use it afterwards', async () => {
    const first = startAsOrdinaryUser();
    await query(await first.url, 'create table kept as select 7 as id');
    await first.release();
    const server = await openEmbeddedPostgres({ dataDir, onMessage });
    expect(await query(server.url, 'select id from kept')).toEqual([{ id: 7 }]);
    expect(statSync(`/proc/${postmasterPid(dataDir)!}`).uid).toBe(NOBODY.uid);
    const beside = startAsOrdinaryUser();
    expect(await query(await beside.url, 'select id from kept')).toEqual([{ id: 7 }]);
    await beside.release();
    await server.release();
    const again = startAsOrdinaryUser();
    expect(await query(await again.url, 'select id from kept')).toEqual([{ id: 7 }]);
    await again.release();
    expect(messages).toEqual([]);
  });
}

if (isRoot) {
  test('root: the server runs as the system user', async () => {
    const server = await openEmbeddedPostgres({ dataDir, onMessage });
    expect(statSync(`/proc/${postmasterPid(dataDir)!}`).uid).toBe((await ensureAccount()).uid);
    await server.release();
    expect(messages).toEqual([]);
  });

  test('root under a 0700 folder: the cluster lies below /var/lib/assent, and this is said', async () => {
    chmodSync(dirname(dataDir), 0o700);
    const server = await openEmbeddedPostgres({ dataDir, onMessage });
    await query(server.url, 'create table kept as select 7 as id');
    const away = location(dataDir);
    made.push(away);
    expect(server.dataDirectory).toBe(join(away, 'postgres'));
    expect(away).toMatch(/^\/var\/lib\/assent\/[^/]+-[0-9a-f]{8}\/data-[0-9a-f]{8}$/);
    expect(messages).toEqual([expect.stringContaining(away)]);
    await server.release();
    chmodSync(dirname(dataDir), 0o755); // reachable now, but the data is where it is
    const again = await openEmbeddedPostgres({ dataDir, onMessage });
    expect(await query(again.url, 'select id from kept')).toEqual([{ id: 7 }]);
    await again.release();
    renameSync(away, `${away}-gone`);
    await expect(openEmbeddedPostgres({ dataDir, onMessage })).rejects.toMatchObject({
      code: 'embedded_postgres_missing',
    });
    renameSync(`${away}-gone`, away);
  });

  test('root under a 0700 folder: a moved clone keeps its database, a copy and an emptied folder start anew', async () => {
    chmodSync(dirname(dataDir), 0o700);
    const first = await openEmbeddedPostgres({ dataDir, onMessage });
    await query(first.url, 'create table kept as select 7 as id');
    await first.release();
    made.push(location(dataDir));

    const moved = `${dataDir}-moved`;
    renameSync(dataDir, moved);
    const second = await openEmbeddedPostgres({ dataDir: moved, onMessage });
    expect(await query(second.url, 'select id from kept')).toEqual([{ id: 7 }]);
    await second.release();

    cpSync(moved, dataDir, { recursive: true });
    const copy = await openEmbeddedPostgres({ dataDir, onMessage });
    await expect(query(copy.url, 'select id from kept')).rejects.toMatchObject({ code: '42P01' });
    await copy.release();
    made.push(location(dataDir));
    expect(location(moved)).toBe(made[0]);

    rmSync(moved, { recursive: true });
    const emptied = await openEmbeddedPostgres({ dataDir: moved, onMessage });
    await expect(query(emptied.url, 'select id from kept')).rejects.toMatchObject({ code: '42P01' });
    await emptied.release();
    made.push(location(moved));
    expect(new Set(made).size).toBe(3);
  });

  test('root: a cluster that has become unreachable is not replaced by an empty one', async () => {
    await (await openEmbeddedPostgres({ dataDir, onMessage })).release();
    chmodSync(dirname(dataDir), 0o700);
    await expect(openEmbeddedPostgres({ dataDir, onMessage })).rejects.toMatchObject({
      code: 'embedded_postgres_no_access',
    });
    expect(existsSync(join(dataDir, 'postgres-location'))).toBe(false);
  });
}
