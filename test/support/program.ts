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
  input?: string,
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
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    },
  );
  child.stdin?.end(input);
  const parts: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (bytes: Buffer) => parts.push(bytes.toString()));
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

interface Ran {
  readonly code: number | string;
  readonly json: unknown;
  readonly output: string;
}

/** Runs a command to its end and parses what it printed on standard output. */
export const runCli = (env: Readonly<Record<string, string>>, ...args: string[]): Promise<Ran> => toItsEnd(env, args);

/** The same, with something on its standard input. */
export const runCliOn = (input: string, env: Readonly<Record<string, string>>, ...args: string[]): Promise<Ran> =>
  toItsEnd(env, args, input);

async function toItsEnd(env: Readonly<Record<string, string>>, args: readonly string[], input?: string): Promise<Ran> {
  const program = startProgram('src/cli/main', env, args, input);
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
