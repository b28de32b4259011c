import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { newDataDir } from '../support/data-dir';
import { ROOT, runCli, startProgram, type Program } from '../support/program';

const run = promisify(execFile);

/** The commands of the README, exactly as a reader would paste them. */
function journeyCommands(): string {
  const text = readFileSync(path.join(ROOT, 'README.md'), 'utf8');
  const block = /<!-- journey -->\n```sh\n([\s\S]*?)```\n<!-- \/journey -->/.exec(text)?.[1];
  if (block === undefined) throw new Error('the README has no journey');
  return block;
}

/** Runs a command that prints for a person. */
async function runProgram(env: Record<string, string>, ...args: string[]): Promise<{ code: unknown; output: string }> {
  const program = startProgram('src/cli/main', env, args);
  const [code] = (await once(program.child, 'close')) as [number | null];
  return { code, output: program.output() };
}

describe("the README's journey", () => {
  let dataDir: string;
  let program: Program;

  beforeAll(async () => {
    dataDir = newDataDir();
    program = startProgram('workers/all-in-one', { DATA_DIR: dataDir, HTTP_PORT: '0' });
    await program.ready();
  }, 120_000);

  afterAll(async () => {
    await program.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }, 60_000);

  it('works when pasted into a shell', async () => {
    const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', journeyCommands()], {
      cwd: ROOT,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, API: program.url(), DATA_DIR: dataDir, PROOF: dataDir },
      timeout: 90_000,
    });
    const lines = stdout.trim().split('\n');
    expect(lines.slice(0, 6)).toEqual(['active', 'opt_in', '1', 'preparing', '1', 'withdraw']);
    expect(lines.slice(6).join('\n')).toMatch(
      /PASS {3}1 integrity[^]*PASS {3}3 order[^]*PASS {3}4 content[^]*\nPROVED, but the time rests/,
    );
  }, 100_000);

  it('ends with a clear line when it is run again on the same data', async () => {
    const again = run('bash', ['-c', journeyCommands()], {
      cwd: ROOT,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, API: program.url(), DATA_DIR: dataDir, PROOF: dataDir },
      timeout: 90_000,
    });
    const { code, stdout, stderr } = (await again.catch((error: unknown) => error)) as Record<string, unknown>;
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/exists already[^]*Stopped: no account was made\..* delete or move \.\/data/);
  }, 100_000);

  it('leaves a ledger that is whole', async () => {
    const { code, json, output } = await runCli({ DATA_DIR: dataDir }, 'audit');
    expect(json).toMatchObject({ ok: true, findings: [], first: null, unopenable: 0, messages: 1 });
    expect([code, output]).toEqual([0, expect.stringContaining('is whole')]);
  }, 60_000);

  it("checks the proof against this log's key, or one that is given", async () => {
    const bundle = path.join(dataDir, 'proof.zip');
    const own = await runProgram({ DATA_DIR: dataDir }, 'verify', bundle);
    expect(own).toEqual({ code: 2, output: expect.stringContaining('PROVED, but the time rests') as string });
    const key = readFileSync(path.join(dataDir, 'log.vkey'), 'utf8').trim();
    expect(await runProgram({}, 'verify', '--key', key, bundle)).toEqual(own);
    const other = 'log.example.com/consent+8a0c8a3a+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c';
    expect(await runProgram({}, 'verify', bundle, '--key', other)).toMatchObject({ code: 1 });
  }, 60_000);
});
