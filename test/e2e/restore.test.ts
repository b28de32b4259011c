import { execFile } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { openEmbeddedPostgres } from '../../src/platform/embedded';
import { apiOf, type Api } from '../support/api';
import { newDataDir } from '../support/data-dir';
import { ROOT, runCli, startProgram, type Program } from '../support/program';
import { until } from '../support/until';
import { connectPages, gatherLeads, type Stage } from './journey';

const PEOPLE = 6;

interface Lead {
  readonly id: string;
}

/** Runs commands of the documentation, exactly as a reader would paste them. */
function runBlock(name: string, env: Readonly<Record<string, string>>): Promise<unknown> {
  const text = readFileSync(path.join(ROOT, 'docs', 'restore.md'), 'utf8');
  const block = new RegExp(`<!-- ${name} -->\\n\\n?\`\`\`sh\\n([\\s\\S]*?)\`\`\``).exec(text)?.[1];
  if (block === undefined) throw new Error(`docs/restore.md has no commands named ${name}`);
  return promisify(execFile)('bash', ['-euo', 'pipefail', '-c', block], { env: { PATH: process.env.PATH, ...env } });
}

describe('a base backup of the database files, put back after an erasure', () => {
  let dataDir: string;
  let copies: string;
  let env: Record<string, string>;
  let program: Program;
  let api: Api;
  let key: string;

  async function start(): Promise<void> {
    program = startProgram('workers/all-in-one', env);
    await program.ready();
    api = apiOf(program.url(), key);
  }
  const leads = async () => (await api.expect<{ data: Lead[] }>(200, 'GET', '/v1/leads?limit=100')).data;

  beforeAll(() => {
    dataDir = newDataDir();
    copies = newDataDir();
    env = { DATA_DIR: dataDir, HTTP_PORT: '0' };
  });
  afterAll(async () => {
    if (program.child.exitCode === null) await program.stop('SIGKILL');
    for (const folder of [dataDir, copies]) rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  }, 60_000);

  it('is not served before the erasure is applied again, and then without the person', async () => {
    key = '';
    await start();
    const { json } = await runCli(env, 'account', 'create', '--email', 'you@example.com', '--name', 'Harbour Coffee');
    key = (json as { api_key: { key: string } }).api_key.key;
    api = apiOf(program.url(), key);
    const postgres = await openEmbeddedPostgres({ dataDir });
    const stage: Stage = { api, sandboxUrl: `${program.url()}/sandbox`, databaseUrl: postgres.url };
    await gatherLeads(stage, await connectPages(stage, [{ people: PEOPLE, ratePerSecond: 40 }]));
    await postgres.release();
    expect((await runCli(env, 'restore')).output).toContain('still runs');
    const [gone, ...others] = await leads();
    expect(others).toHaveLength(PEOPLE - 1);
    await runBlock('backup', { DATA_DIR: dataDir, BACKUPS: copies });
    expect(existsSync(path.join(copies, 'assent-database.tar.gz'))).toBe(false);
    expect(await program.stop()).toBe(0);
    await runBlock('backup', { DATA_DIR: dataDir, BACKUPS: copies });
    expect((await runCli(env, 'restore')).json).toMatchObject({ needed: false });

    await start();
    const { id } = await api.expect<Lead>(202, 'POST', `/v1/leads/${gone!.id}/erasure`, {});
    await until(
      'the certificate',
      async () => (await api.expect<{ state: string }>(200, 'GET', `/v1/erasures/${id}`)).state === 'complete',
    );
    expect(await program.stop()).toBe(0);
    await runBlock('put-back', { DATA_DIR: dataDir, BACKUPS: copies });
    rmSync(path.join(dataDir, 'postgres.before'), { recursive: true });

    const refused = startProgram('workers/all-in-one', env);
    await until('the start to be refused', () => refused.child.exitCode !== null, 20_000);
    expect(refused.output()).toContain('assent restore');
    expect(refused.output()).toMatch(/"code":"database_set_back".*"message":"restore.needed"/);
    expect((await runCli(env, 'restore')).json).toMatchObject({ needed: true, people_erased: 1, people_unreadable: 0 });
    expect((await runCli(env, 'restore', '--apply')).json).toMatchObject({ needed: true, people_erased: 1 });
    expect((await runCli(env, 'restore')).json).toMatchObject({ needed: false });
    expect((await runCli(env, 'audit')).json).toMatchObject({ ok: true, findings: [] });

    await start();
    expect((await api.call('GET', `/v1/leads/${gone!.id}`)).status).toBe(404);
    expect((await leads()).map(({ id }) => id).sort()).toEqual(others.map(({ id }) => id).sort());
  }, 240_000);
});
