import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { Worker } from 'node:worker_threads';
import {
  makeBundle,
  makeBundles,
  psidOf,
  sha256,
  signerOf,
  type Cast,
  type EntryStep,
  type Files,
  type Step,
} from '../../support/bundle-fixture';
import { ROOT } from '../../support/program';
import type { TestTsa } from '../../support/test-tsa';
import type { Verdict } from '../../support/verifier';

export const WORDING = 'We send you offers. Write STOP to end them.';
export const CAST: Cast = {
  log: signerOf('log.example.com/consent', Buffer.alloc(32, 1)),
  witness: signerOf('witness.example.org/w1', Buffer.alloc(32, 2), 4),
  secret: 'an-app-secret-for-tests',
  page: '104857600000001',
  psid: '7123456789012345',
  wording: WORDING,
};
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
/** When the person opened the conversation: an hour before any time-stamp of the test authority. */
export const START = Math.floor(Date.now() / 1000) * 1000 - HOUR_MS;
const SECOND_MS = 1_000;

const notice = { lang: 'en', sha256: sha256(WORDING).toString('hex'), surface: 'messenger_greeting', version: 1 };
export const event = (at: number, what: Record<string, unknown>): Record<string, unknown> => ({
  sender: { id: CAST.psid },
  recipient: { id: CAST.page },
  timestamp: at,
  ...what,
});
const iso = (ms: number): string => new Date(ms).toISOString();
const given = { notice, purposes: ['marketing.broadcast'] };

/** Opt-in, notice, message, withdrawal, return, message; seen by a witness before, between and after. */
function stepsOf(tsa: TestTsa, self: TestTsa) {
  const at = (seconds: number): number => START + seconds * SECOND_MS;
  const optIn = { kind: 'opt_in', via: 'get_started', basis: 'gdpr.6.1.a', event_at: iso(at(-1)), ...given };
  return {
    noise: { do: 'others' },
    before: { do: 'checkpoint', which: 'before', witnessedAt: at(-60) },
    optIn: {
      do: 'entry',
      at: at(0),
      event: { value: event(at(-1), { postback: { payload: 'assent:v1:start' } }), others: 0, kept: true },
      fields: () => optIn,
    },
    shown: { do: 'entry', at: at(5), fields: () => ({ kind: 'notice_shown', notice, mid: 'm_1' }) },
    between: { do: 'checkpoint', which: 'at', witnessedAt: at(60) },
    first: { do: 'sends', at: at(120), n: 2, grant: 1, position: 1, of: 3 },
    stop: {
      do: 'entry',
      at: at(180),
      event: { value: event(at(179), { message: { text: 'STOP' } }), others: 1, kept: true },
      fields: () => ({ kind: 'withdraw', via: 'keyword', event_at: iso(at(179)) }),
    },
    back: {
      do: 'entry',
      at: at(240),
      event: { value: event(at(239), { message: { text: 'START' } }), others: 0, kept: true },
      fields: (before) => ({
        ...{ ...optIn, kind: 're_opt_in', via: 'keyword', event_at: iso(at(239)) },
        after: before[2],
      }),
    },
    more: { do: 'others' },
    second: { do: 'sends', at: at(300), n: 4, grant: 4, position: 0, of: 1 },
    after: {
      do: 'checkpoint',
      which: 'after',
      witnessedAt: at(360),
      stamp: (request) => tsa.reply(request),
      selfStamp: (request) => self.reply(request),
    },
  } satisfies Record<string, Step>;
}
export type Plan = { [K in keyof ReturnType<typeof stepsOf>]: Step & { do: ReturnType<typeof stepsOf>[K]['do'] } };

/** The shortest bundle that holds what one thing decides: `verify-by-hand.sh` starts a process for each hash. */
export const shortened = ({ noise, before, optIn, shown, after }: Plan): Record<string, Step> => ({
  noise,
  before,
  optIn,
  shown,
  after,
});

export const honestPlan = (tsa: TestTsa, self: TestTsa): Plan => stepsOf(tsa, self);

/** The same without time-stamps: what witnesses say is all that is said of the time. */
export function witnessedPlan(tsa: TestTsa): Plan {
  const plan = honestPlan(tsa, tsa);
  delete plan.after.stamp;
  delete plan.after.selfStamp;
  return plan;
}

/** The entry of the wish never to be written to again. */
export const objection = (at: number): EntryStep => ({ do: 'entry', at, fields: () => ({ kind: 'object', req: 'r' }) });

/** A copy of the files in which something was changed. */
export function changedCopy(files: Files, change: (files: Files) => void): Files {
  const copy = new Map(files);
  change(copy);
  return copy;
}

export const bundleOf = (plan: Record<string, Step>): Files => makeBundle(CAST, Object.values(plan));

/** Some people who began a conversation and got one message of a broadcast each, in chunks of 50. */
export function crowdOf(tsa: TestTsa, self: TestTsa, size: number): Files[] {
  const { noise, before, optIn, shown, first, after } = stepsOf(tsa, self);
  const everybody = Array.from({ length: size }, (_, who) => who);
  const begun = everybody.flatMap((who): Step[] => {
    const value = { ...event(optIn.at - SECOND_MS, { postback: { payload: 'assent:v1:start' } }), n: who };
    const own = { value: { ...value, sender: { id: psidOf(CAST, who) } }, others: 0, kept: true };
    return [
      { ...optIn, do: 'entry', event: own, who },
      { ...shown, do: 'entry', who },
    ];
  });
  const sent = everybody.map((who): Step => ({ ...first, do: 'sends', who, position: 0, of: 1 }));
  return makeBundles(CAST, [noise, before, ...begun, ...sent, after] as Step[]);
}

export interface Auditor {
  file(name: string, content: Buffer | string): string;
  /** Runs the published verifier on each bundle, in a folder with nothing but it, the bundle and what the auditor brought. */
  judge(bundle: Buffer, args: readonly string[]): Promise<Verdict>;
  /** The same in a thread, for the many. */
  judgeFast(bundle: Buffer, args: readonly string[]): Promise<Verdict>;
  read(bundle: Buffer, args: readonly string[]): Promise<{ exit: number; text: string }>;
  close(): void;
}

const MOST_AT_ONCE = 3;
const VERIFIER = path.join(ROOT, 'tools/assent-verify.mjs');

/** Lets a few of them run at once. */
function queue(): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= MOST_AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}

interface Run {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

const inProcess = (cwd: string, args: readonly string[]): Promise<Run> =>
  new Promise((resolve) => {
    const options = { cwd, env: {}, timeout: 30_000, maxBuffer: 64 * 1024 * 1024 };
    execFile(process.execPath, ['assent-verify.mjs', ...args], options, (error, stdout, stderr) => {
      resolve({ exit: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, stdout, stderr });
    });
  });

async function inThread(args: readonly string[]): Promise<Run> {
  const worker = new Worker(VERIFIER, { argv: [...args], env: {}, stdout: true, stderr: true });
  const [stdout, stderr, [exit]] = await Promise.all([
    text(worker.stdout),
    text(worker.stderr),
    once(worker, 'exit') as Promise<[number]>,
  ]);
  return { exit, stdout, stderr };
}

function verdictOf({ exit, stdout, stderr }: Run): Verdict {
  if (exit < 0 || stderr !== '') throw new Error(`the verifier crashed: ${stderr.slice(0, 500)}`);
  const verdict = JSON.parse(stdout) as Verdict;
  if (verdict.exit !== exit) throw new Error('exit status and result differ');
  return verdict;
}

export function openAuditor(): Auditor {
  const root = mkdtempSync(path.join(tmpdir(), 'assent-unit-auditor-'));
  const brought = new Map<string, Buffer | string>();
  const queued = queue();
  const inFolder = (bundle: Buffer, args: readonly string[]): Promise<Run> =>
    queued(async () => {
      const dir = mkdtempSync(path.join(root, 'run-'));
      copyFileSync(VERIFIER, path.join(dir, 'assent-verify.mjs'));
      for (const [name, content] of brought) writeFileSync(path.join(dir, name), content);
      writeFileSync(path.join(dir, 'bundle'), bundle);
      const run = await inProcess(dir, [...args, 'bundle']);
      rmSync(dir, { recursive: true });
      return run;
    });
  return {
    file: (name, content) => {
      brought.set(name, content);
      writeFileSync(path.join(root, name), content);
      return name;
    },
    judge: async (bundle, args) => verdictOf(await inFolder(bundle, ['--json', ...args])),
    judgeFast: (bundle, args) =>
      queued(async () => {
        const dir = mkdtempSync(path.join(root, 'run-'));
        const file = path.join(dir, 'bundle');
        writeFileSync(file, bundle);
        const given = args.map((arg) => (brought.has(arg) ? path.join(root, arg) : arg));
        const run = await inThread(['--json', ...given, file]);
        rmSync(dir, { recursive: true });
        return verdictOf(run);
      }),
    read: async (bundle, args) => {
      const { exit, stdout, stderr } = await inFolder(bundle, args);
      return { exit, text: stdout + stderr };
    },
    close: () => {
      rmSync(root, { recursive: true, force: true });
    },
  };
}
