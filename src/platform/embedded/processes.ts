import { execFile, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { errorCode } from './errors';

/** The account a PostgreSQL program runs under; absent when it is the account of this process. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
}

export interface Finished {
  /** 127 when the program could not be executed at all. */
  readonly exitCode: number;
  readonly output: string;
}

export interface LiveProcess {
  /** Tells two processes with the same id apart, across reboots too; empty where the system does not say. */
  readonly startedAt: string;
  readonly command: string;
}

/** A fixed environment: LANG and the PG* variables of the caller must not change what PostgreSQL does. */
const ENVIRONMENT = { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };

/**
 * Runs one program to its end, in a process group of its own (Ctrl-C at our terminal must not reach it) and in the
 * root folder (the other account may not be allowed into ours).
 */
export async function run(
  file: string,
  args: readonly string[],
  options: { runAs?: RunAs | undefined; input?: string } = {},
): Promise<Finished> {
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      ...options.runAs,
      cwd: '/',
      env: ENVIRONMENT,
      detached: true,
      windowsHide: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    child.on('error', (error) => resolve({ exitCode: 127, output: error.message }));
    child.on('close', (exitCode) => resolve({ exitCode: exitCode ?? 1, output: Buffer.concat(chunks).toString() }));
  });
}

/** What runs under this process id now. A zombie counts as gone: in a container nobody may ever reap it. */
export async function inspectProcess(pid: number): Promise<LiveProcess | undefined> {
  if (process.platform === 'linux') return inspectLinux(pid);
  if (!isSignalable(pid)) return undefined;
  if (process.platform === 'win32') return { startedAt: '', command: '' };
  return inspectWithPs(pid);
}

async function inspectLinux(pid: number): Promise<LiveProcess | undefined> {
  try {
    const [stat, command, bootId] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'latin1'),
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
      readFile('/proc/sys/kernel/random/boot_id', 'latin1'),
    ]);
    // proc_pid_stat(5): the second field, the name, is in parentheses and may hold spaces; state is the 3rd, starttime the 22nd.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return { startedAt: `${bootId.trim()}:${fields[19] ?? ''}`, command: command.split('\0').join(' ').trim() };
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ESRCH') return undefined;
    throw error;
  }
}

async function inspectWithPs(pid: number): Promise<LiveProcess | undefined> {
  const list = promisify(execFile);
  try {
    const { stdout } = await list('/bin/ps', ['-ww', '-p', String(pid), '-o', 'stat=,lstart=,command='], {
      env: ENVIRONMENT,
    });
    const [state = '', ...rest] = stdout.trim().split(/\s+/);
    if (state === '' || state.startsWith('Z')) return undefined;
    return { startedAt: rest.slice(0, 5).join(' '), command: rest.slice(5).join(' ') };
  } catch {
    return undefined;
  }
}

function isSignalable(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}
