import { execFileSync } from 'node:child_process';
import os from 'node:os';

/** One measured topic, as it stands in docs/benchmarks.md. */
export interface Topic {
  readonly title: string;
  readonly how: string;
  readonly rows: readonly (readonly [what: string, measured: string, goal: string])[];
}

export function markdownOf({ title, how, rows }: Topic): string {
  const lines = rows.map((cells) => `| ${cells.join(' | ')} |`);
  return [`### ${title}`, '', how, '', '| What | Measured | Goal |', '|---|---|---|', ...lines, ''].join('\n');
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);
export const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
export const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
export const met = (goal: string, isMet: boolean): string => `${goal}: ${isMet ? 'met' : '**missed**'}`;
/** Median and, behind it, every run: a single figure hides how noisy the machine was. */
export const runsOf = (values: readonly number[], unit: string): string =>
  `${whole(median(values))} ${unit} (${values.map(whole).join(', ')})`;

export const load = (): string => os.loadavg()[0]?.toFixed(1) ?? 'unknown';

export function machine(): string {
  const [cpu] = os.cpus();
  const memoryGb = Math.round(os.totalmem() / 2 ** 30);
  const commit =
    git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') === '' ? '' : ' with local changes');
  return `${String(os.cpus().length)} cores (${cpu?.model.trim() ?? 'unknown'}), ${String(memoryGb)} GB, Node ${process.version}, commit ${commit}`;
}

function git(...args: string[]): string {
  try {
    return execFileSync('git', args, { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}
