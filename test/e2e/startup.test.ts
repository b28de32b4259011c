import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { newDataDir } from '../support/data-dir';
import { runCli, ROOT, startProgram, type Program, type ProgramName } from '../support/program';
import { until } from '../support/until';

let dataDir: string;

beforeEach(() => {
  dataDir = newDataDir();
});

afterEach(() => {
  rmSync(dataDir, { recursive: true, force: true });
});

/** Processes whose command line names this data folder: ours and the database's. */
const processesOf = (folder: string): string[] =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && entry !== String(process.pid))
    .filter((pid) => {
      try {
        return (
          readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder) ||
          readFileSync(`/proc/${pid}/environ`, 'utf8').includes(folder)
        );
      } catch {
        return false;
      }
    });

async function failedStart(env: Record<string, string>, name: ProgramName = 'workers/all-in-one'): Promise<Program> {
  const program = startProgram(name, env);
  await until(`${name} to end`, () => program.child.exitCode !== null, 60_000);
  return program;
}

describe('npm start', () => {
  it('starts, ends at SIGTERM to npm with nothing left behind, and finds its data again', async () => {
    const start = () => {
      const child = spawn('npm', ['start'], {
        cwd: ROOT,
        env: { ...process.env, DATA_DIR: dataDir, HTTP_PORT: '0' },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
      child.stderr.on('data', (bytes: Buffer) => (output += bytes.toString()));
      return { child, output: () => output };
    };
    const first = start();
    await until('the first start', () => first.output().includes('is ready'), 60_000);
    const page = /page_id (\d+)/.exec(first.output())?.[1];
    first.child.kill('SIGTERM');
    await until('npm to end', () => first.child.exitCode !== null || first.child.signalCode !== null, 30_000);
    await until('everything to be gone', () => processesOf(dataDir).length === 0, 15_000);

    const second = start();
    await until('the second start', () => second.output().includes('is ready'), 60_000);
    expect(/page_id (\d+)/.exec(second.output())?.[1]).toBe(page);
    second.child.kill('SIGTERM');
    await until('everything to be gone', () => processesOf(dataDir).length === 0, 30_000);
  }, 180_000);

  it('says loudly that nobody outside vouches for the log', async () => {
    const env = { DATA_DIR: dataDir, HTTP_PORT: '0' };
    const program = startProgram('workers/all-in-one', env);
    await program.ready();
    const warning = "No independent anchor: proofs rest on this operator's word. Set RFC3161_URL or WITNESSES.";
    await until('the warning', () => program.output().includes(warning));
    expect(program.output()).toContain('"message":"anchor.none_independent"');
    const { findings } = (await runCli(env, 'doctor')).json as { findings: unknown[] };
    expect(findings).toContainEqual({ check: 'independent_anchor', status: 'warning', detail: warning });
    await program.stop();
  }, 120_000);

  it('recovers after a kill -9', async () => {
    const env = { DATA_DIR: dataDir, HTTP_PORT: '0' };
    const killed = startProgram('workers/all-in-one', env);
    await killed.ready();
    const { code } = await runCli(env, 'account', 'create', '--email', 'you@example.com', '--name', 'Harbour Coffee');
    expect(code).toBe(0);
    await killed.stop('SIGKILL');
    expect(killed.output()).toContain('First account: ');
    const again = startProgram('workers/all-in-one', env);
    await again.ready();
    expect(again.output()).not.toContain('First account: ');
    const repeated = await runCli(env, 'account', 'create', '--email', 'you@example.com', '--name', 'Harbour Coffee');
    expect({ code: repeated.code, knows: repeated.output.includes('exists already') }).toEqual({
      code: 1,
      knows: true,
    });
    expect(await again.stop()).toBe(0);
    await until('everything to be gone', () => processesOf(dataDir).length === 0, 15_000);
  }, 180_000);

  it('says in one sentence that the port is in use', async () => {
    const server = net.createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        resolve((server.address() as net.AddressInfo).port);
      });
    });
    const program = await failedStart({ DATA_DIR: dataDir, HTTP_PORT: String(port) });
    server.close();
    expect(program.child.exitCode).toBe(1);
    expect(program.output().trim()).toBe(`port ${String(port)} on 127.0.0.1 is in use; set HTTP_PORT to another one`);
  });

  it('names every bad variable at once, and never its value', async () => {
    const program = await failedStart({
      DATA_DIR: dataDir,
      HTTP_PORT: 'secret-port',
      DATABASE_URL: 'mysql://secret-host',
      MASTER_KEY: 'secret-key',
    });
    expect(program.child.exitCode).toBe(1);
    for (const name of ['HTTP_PORT', 'DATABASE_URL', 'MASTER_KEY']) expect(program.output()).toContain(name);
    expect(program.output()).not.toContain('secret-');
  });

  it('refuses production without its secrets', async () => {
    const program = await failedStart({ NODE_ENV: 'production', DATA_DIR: dataDir }, 'src/main');
    expect(program.child.exitCode).toBe(1);
    for (const name of [
      'DATABASE_URL',
      'PUBLIC_URL',
      'META_APP_ID',
      'META_APP_SECRET',
      'META_VERIFY_TOKEN',
      'MASTER_KEY',
    ]) {
      expect(program.output()).toContain(`${name}: is required in production`);
    }
  });

  it.each(['src/main', 'workers/main', 'workers/all-in-one'] as const)(
    '%s says that the database cannot be reached',
    async (name) => {
      const env = {
        DATA_DIR: dataDir,
        HTTP_PORT: '0',
        META_GRAPH_URL: 'http://127.0.0.1:9/',
        DATABASE_URL: 'postgres://u:hidden-password@127.0.0.1:9/assent',
      };
      const program = await failedStart(env, name);
      expect(program.child.exitCode).toBe(1);
      expect(program.output()).toContain('the database of DATABASE_URL cannot be opened: nothing listens there');
      expect(program.output()).not.toContain('hidden-password');
    },
  );

  it('says that the master key is the wrong one', async () => {
    const env = { DATA_DIR: dataDir, HTTP_PORT: '0', MASTER_KEY: Buffer.alloc(32, 1).toString('base64') };
    const program = startProgram('workers/all-in-one', env);
    await program.ready();
    expect(await program.stop()).toBe(0);
    const wrong = await failedStart({ ...env, MASTER_KEY: Buffer.alloc(32, 2).toString('base64') });
    expect(wrong.child.exitCode).toBe(1);
    expect(wrong.output().trim()).toBe('MASTER_KEY is not the key this key ring was sealed with');
    await until('everything to be gone', () => processesOf(dataDir).length === 0, 15_000);
  }, 120_000);

  it('makes its secrets once, for its user only', async () => {
    const { code } = await runCli({ DATA_DIR: dataDir }, 'migrate');
    expect(code).toBe(0);
    const mode = execFileSync('stat', ['-c', '%a', path.join(dataDir, 'secrets.json')])
      .toString()
      .trim();
    expect(mode).toBe('600');
  }, 60_000);
});
