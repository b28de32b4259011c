import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT } from './program';

export interface Verdict {
  readonly exit: number;
  readonly records: number;
  /** People who are in this bundle and in another that the auditor gave. */
  readonly compared: number;
  readonly log: { readonly size: number; readonly made_at: string | null; readonly last_word: string | null } | null;
  readonly levels: readonly {
    readonly level: number;
    readonly state: string;
    readonly absent?: string;
    readonly reasons: readonly string[];
  }[];
  readonly brackets: readonly {
    readonly entry: string;
    readonly after: string | null;
    readonly before: string | null;
  }[];
  readonly evidence: readonly { readonly entry: string; readonly grade: string; readonly words?: string }[];
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
}

/** PASS, FAIL or ABSENT of each level. */
export const statesOf = ({ levels }: Verdict): string => levels.map(({ state }) => state).join(' ');
/** Why levels fail; of one of them, or of all. */
export const reasonsOf = ({ levels }: Verdict, level?: number): string =>
  levels.flatMap((one) => (level === undefined || one.level === level ? one.reasons : [])).join('\n');

export interface Verifier {
  /** Runs the published verifier in a folder that holds it, the bundle, and what the auditor brought along. */
  verify(bundle: Buffer, args: readonly string[]): Verdict;
  /** The same, for people. */
  read(bundle: Buffer, args: readonly string[]): { readonly exit: number | null; readonly text: string };
  /** Writes a file beside the verifier. */
  file(name: string, content: Buffer | string): string;
  close(): void;
}

export function openVerifier(): Verifier {
  const dir = mkdtempSync(path.join(tmpdir(), 'assent-auditor-'));
  copyFileSync(path.join(ROOT, 'tools/assent-verify.mjs'), path.join(dir, 'assent-verify.mjs'));
  const run = (bundle: Buffer, args: readonly string[]) => {
    writeFileSync(path.join(dir, 'bundle'), bundle);
    return spawnSync(process.execPath, ['assent-verify.mjs', ...args, 'bundle'], {
      cwd: dir,
      encoding: 'utf8',
      env: {},
      timeout: 20_000,
      maxBuffer: 64 * 1024 * 1024,
    });
  };
  return {
    verify: (bundle, args) => {
      const { stdout, stderr, status } = run(bundle, ['--json', ...args]);
      if (status === null || stderr !== '') throw new Error(`the verifier crashed: ${stderr.slice(0, 500)}`);
      const verdict = JSON.parse(stdout) as Verdict;
      if (verdict.exit !== status) throw new Error('exit status and result differ');
      return verdict;
    },
    read: (bundle, args) => {
      const { stdout, stderr, status } = run(bundle, args);
      return { exit: status, text: stdout + stderr };
    },
    file: (name, content) => {
      writeFileSync(path.join(dir, name), content);
      return name;
    },
    close: () => {
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
