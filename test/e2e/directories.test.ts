import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { newDataDir } from '../support/data-dir';
import { runCli, startProgram, type Program } from '../support/program';
import { until } from '../support/until';

interface Finding {
  readonly check: string;
  readonly status: string;
  readonly detail: string;
}

let root: string;
let file: string;
let program: Program | null = null;

beforeEach(() => {
  root = newDataDir();
  file = path.join(root, 'file');
  writeFileSync(file, '');
});
afterEach(async () => {
  if (program?.child.exitCode === null) await program.stop();
  program = null;
  rmSync(root, { recursive: true, force: true, maxRetries: 10 });
}, 60_000);

const NO_DIRECTORY = 'cannot be used: it is no directory, or lies below something that is none (ENOTDIR)';

const findingOf = (json: unknown, check: string): Finding | undefined =>
  (json as { findings: Finding[] }).findings.find((finding) => finding.check === check);

describe('a directory that cannot be used', () => {
  it('is named at the start and on the command line by its variable, with the cause', async () => {
    const env = { DATA_DIR: path.join(file, 'data'), HTTP_PORT: '0' };
    const refused = startProgram('workers/all-in-one', env);
    await until('the start to be refused', () => refused.child.exitCode !== null, 30_000);
    expect([refused.child.exitCode, refused.output().trim()]).toEqual([1, `the directory of DATA_DIR ${NO_DIRECTORY}`]);
    const { code, output } = await runCli(env, 'migrate');
    expect([code, output.trim()]).toEqual([1, `the directory of DATA_DIR ${NO_DIRECTORY}`]);
  }, 60_000);

  it('is named too when it is that of the key ring, and none is made above it', async () => {
    const env = { DATA_DIR: path.join(root, 'data'), HTTP_PORT: '0' };
    const below = await runCli({ ...env, KEYRING_DIR: path.join(file, 'keys') }, 'migrate');
    expect([below.code, below.output.trim()]).toEqual([1, `the directory of KEYRING_DIR ${NO_DIRECTORY}`]);
    const missing = await runCli({ ...env, KEYRING_DIR: path.join(root, 'volume/keys') }, 'migrate');
    expect(missing.code).toBe(1);
    expect(missing.output).toMatch(/^the directory of KEYRING_DIR cannot be used: it does not exist, .*[(]ENOENT[)]$/m);
    expect(existsSync(path.join(root, 'volume'))).toBe(false);
  }, 120_000);
});

describe('the second copy of the key ring', () => {
  it('is said and logged when it is broken, drilled without being made, and seen by doctor', async () => {
    const copy = path.join(root, 'volume/copy');
    const env = { DATA_DIR: path.join(root, 'data'), HTTP_PORT: '0', KEYRING_COPY_DIR: copy };
    program = startProgram('workers/all-in-one', env);
    await program.ready();
    expect(program.output()).toContain('the directory of KEYRING_COPY_DIR cannot be used: it does not exist');
    expect(program.output()).toMatch(/"code":"ENOENT".*"message":"keys.copy_failed"/);
    const swept = /"code":"key_ring_copy_failed","count":1,"job":"copy-key-ring".*"message":"sweep.failed"/;
    await until('the sweep to fail', () => swept.test(program!.output()));

    const broken = await runCli(env, 'doctor');
    expect(broken.code).toBe(1);
    expect(findingOf(broken.json, 'key_ring_copy')).toMatchObject({ status: 'failed' });
    const drilled = await runCli(env, 'keys', 'drill');
    expect([drilled.code, drilled.output.trim()]).toEqual([
      1,
      'there is no copy to open: the directory of KEYRING_COPY_DIR is missing or holds no key ring. Mount its volume, or make the copy with keys copy',
    ]);
    expect((await runCli(env, 'keys', 'copy')).output).toContain('KEYRING_COPY_DIR cannot be brought in step');
    expect(existsSync(path.join(root, 'volume'))).toBe(false);

    mkdirSync(copy, { recursive: true });
    expect((await runCli(env, 'keys', 'drill')).output).toContain('there is no copy to open');
    expect(readdirSync(copy)).toEqual([]);
    expect(findingOf((await runCli(env, 'doctor')).json, 'key_ring_copy')?.detail).toContain('holds no key ring');
    expect((await runCli(env, 'keys', 'copy')).code).toBe(0);
    expect((await runCli(env, 'keys', 'drill')).code).toBe(0);
    const { json } = await runCli(env, 'doctor');
    expect(findingOf(json, 'key_ring_copy')).toMatchObject({ status: 'ok' });
    expect(findingOf(json, 'key_ring_copy_volume')).toMatchObject({ status: 'warning' });
    expect(findingOf(json, 'erasures')).toMatchObject({ status: 'ok' });

    const nowhere = await runCli({ ...env, REDIS_URL: 'redis://127.0.0.1:9' }, 'doctor');
    expect(nowhere.code).toBe(1);
    expect(findingOf(nowhere.json, 'queue')).toMatchObject({ status: 'failed' });
    expect(findingOf(nowhere.json, 'key_ring_copy')).toMatchObject({ status: 'ok' });
  }, 240_000);
});
