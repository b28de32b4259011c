import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { until } from './until';

export const ROOT = path.resolve(__dirname, '../..');

export interface Program {
  readonly child: ChildProcess;
  /** Everything it printed so far, both streams. */
  output(): string;
  /** The address its ready message names, once it has printed one. */
  url(): string;
  ready(timeoutMs?: number): Promise<void>;
  /** Sends the signal and answers the exit code, or the signal's name. */
  stop(signal?: NodeJS.Signals): Promise<number | string>;
}

export type ProgramName = 'workers/all-in-one' | 'src/main' | 'workers/main' | 'src/cli/main';

/** Variables of the machine that would change what a started program does. */
const INHERITED = ['PATH', 'HOME', 'LANG', 'TMPDIR'];

export function startProgram(
  name: ProgramName,
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Program {
  const inherited = Object.fromEntries(
    INHERITED.flatMap((key) => (process.env[key] === undefined ? [] : [[key, process.env[key]]])),
  );
  const child = spawn(
    process.execPath,
    ['--enable-source-maps', path.join(process.env.ASSENT_DIST ?? path.join(ROOT, 'dist'), `${name}.js`), ...args],
    {
      cwd: ROOT,
      env: { ...inherited, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const parts: string[] = [];
  child.stdout.on('data', (bytes: Buffer) => parts.push(bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => parts.push(bytes.toString()));
  const exited = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve(code ?? signal ?? 'unknown');
    });
  });
  const output = () => parts.join('');
  return {
    child,
    output,
    url: () => /(http:\/\/127\.0\.0\.1:\d+)/.exec(output())?.[1] ?? '',
    ready: async (timeoutMs = 60_000) => {
      await until(
        `${name} to be ready`,
        () => {
          if (child.exitCode !== null) throw new Error(`${name} ended with ${String(child.exitCode)}: ${output()}`);
          return output().includes('is ready');
        },
        timeoutMs,
      );
    },
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      return exited;
    },
  };
}

/** Runs a command to its end and parses what it printed on standard output. */
export async function runCli(
  env: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<{ code: number | string; json: unknown; output: string }> {
  const program = startProgram('src/cli/main', env, args);
  let stdout = '';
  program.child.stdout?.on('data', (bytes: Buffer) => {
    stdout += bytes.toString();
  });
  const code = await new Promise<number | string>((resolve) => {
    program.child.once('close', (exit, signal) => {
      resolve(exit ?? signal ?? 'unknown');
    });
  });
  return { code, json: stdout.trim() === '' ? undefined : (JSON.parse(stdout) as unknown), output: program.output() };
}
