import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import type { Files } from '../../support/bundle-fixture';
import { ROOT } from '../../support/program';
import { CAST } from './bundle-world';

const MOST_MS = 60_000;

/** Unpacks a bundle and runs the script for OpenSSL in it, with an input that never ends. @param prepare changes what was unpacked */
export async function byHand(
  files: Files,
  args: readonly string[] = [],
  prepare: (dir: string) => void = () => undefined,
) {
  const dir = mkdtempSync(path.join(tmpdir(), 'assent-by-hand-'));
  for (const [name, bytes] of files) {
    mkdirSync(path.join(dir, path.dirname(name)), { recursive: true });
    writeFileSync(path.join(dir, name), bytes);
  }
  prepare(dir);
  const script = path.join(ROOT, 'tools/verify-by-hand.sh');
  const child = spawn('bash', [script, CAST.log.vkey, ...args], { cwd: dir, detached: true });
  // What the script started may hang where it does not.
  const limit = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), MOST_MS);
  const [printed, , [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  clearTimeout(limit);
  const planted = existsSync(path.join(dir, 'planted'));
  rmSync(dir, { recursive: true });
  return { status, printed, planted, failures: printed.split('\n').filter((line) => line.startsWith('FAIL')) };
}
