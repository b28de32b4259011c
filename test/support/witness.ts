import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { ROOT } from './program';

interface WitnessOptions {
  /** Where it keeps its key and what it has seen. */
  readonly state: string;
  /** Verifier keys, or files with one. */
  readonly logs: readonly string[];
  readonly name?: string;
  /** Milliseconds at which its clock stands still. */
  readonly nowMs?: number;
  /** Tells it that a log without a file is one that it never saw. */
  readonly isNewLog?: boolean;
}

export interface TestWitness {
  readonly vkey: string;
  readonly url: string;
  /** @returns status, text and content type */
  readonly post: (body: string | Buffer) => Promise<readonly [number, string, string | null]>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export const WITNESS = path.join(ROOT, 'tools/assent-witness.mjs');

/** The witness that is shipped, in a process of its own, as an auditor runs it. @throws with its words when it does not start */
export async function startWitness({
  state,
  logs,
  name = 'witness.test/w1',
  nowMs,
  isNewLog = false,
}: WitnessOptions): Promise<TestWitness> {
  const clock = nowMs === undefined ? [] : ['--import', `data:text/javascript,Date.now=()=>${String(nowMs)}`];
  const args = ['--name', name, '--state', state, '--port', '0', ...logs.flatMap((log) => ['--log', log])];
  if (isNewLog) args.push('--new-log');
  const child = spawn(process.execPath, [...clock, WITNESS, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const exit = once(child, 'exit').then(() => null);
  let text = '';
  let complaint = '';
  child.stderr.on('data', (part) => (complaint += String(part)));
  while (!text.includes('listening on')) {
    const heard = await Promise.race([once(child.stdout, 'data'), exit]);
    if (heard === null) throw new Error(`the witness ended: ${complaint}`);
    text += String(heard[0]);
  }
  const url = /listening on (\S+)/.exec(text)![1]!;
  return {
    vkey: text.split('\n')[0]!,
    url,
    post: async (body) => {
      const response = await fetch(`${url}/add-checkpoint`, { method: 'POST', body });
      return [response.status, await response.text(), response.headers.get('content-type')];
    },
    stop: async (signal = 'SIGKILL') => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.kill(signal);
      await exit;
    },
  };
}
