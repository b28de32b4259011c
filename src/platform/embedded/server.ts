import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../kernel/clock';
import { diskFull, EmbeddedPostgresError, errorCode } from './errors';
import type { Place } from './place';
import { inspectProcess, run } from './processes';
import { writeRuntime, type Runtime } from './runtime-file';

const HOST = '127.0.0.1';
const LOG_LIMIT_BYTES = 10 * 1024 * 1024;
const START_LIMIT_SECONDS = 300;
const RETRY_START_MS = 15_000;
const STOP_LIMIT_MS = 60_000;
const POLL_MS = 15;

/**
 * Settings of every embedded server. Values need no quotes: they pass through the command line of pg_ctl.
 *
 * The log must hold no value of a row: no DETAIL, no STATEMENT, no parameters; and `log_min_messages=log` leaves out
 * errors of statements altogether, because some name the value in their first line (invalid input syntax).
 */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: HOST,
  unix_socket_directories: '',
  max_connections: '200',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  log_min_messages: 'log',
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
  log_statement: 'none',
  log_min_duration_statement: '-1',
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
  wal_compression: 'off',
};

export type ServerSettings = Readonly<Record<string, string>>;

export interface Postmaster {
  readonly pid: number;
  readonly port: number;
}

/**
 * The server that runs on this cluster now. A `postmaster.pid` left by a killed server or from before a reboot is
 * removed: PostgreSQL itself would take any process of the same user under that id for a server. Its own check that
 * no orphan still uses the shared memory stays in force.
 */
export async function findPostmaster(place: Place): Promise<Postmaster | undefined> {
  const file = join(place.cluster, 'postmaster.pid');
  const lines = await readLines(file);
  const pid = Number(lines?.[0]);
  if (!lines || !Number.isInteger(pid) || pid <= 0) return undefined;
  if (await isServer(pid, place.cluster)) return { pid, port: Number(lines[3]) };
  await rm(file, { force: true });
  return undefined;
}

/**
 * Starts the server, on the port of last time where that is free: pools of a process that outlived a killed server
 * then find it again. Returns when it accepts connections. Call it under the start lock.
 *
 * @throws {EmbeddedPostgresError} embedded_postgres_start_failed, embedded_postgres_disk_full
 */
export async function startServer(place: Place, runtime: Runtime, settings: ServerSettings = {}): Promise<Runtime> {
  const deadlineMs = systemClock.monotonicMs() + RETRY_START_MS;
  let port = (await isFree(runtime.port)) ? runtime.port : await freePort();
  for (;;) {
    const started: Runtime = { ...runtime, port };
    await writeRuntime(place.runtimeFile, started, place.runAs);
    const failure = await launch(place, { ...SETTINGS, ...settings, port: String(port) });
    if (failure === undefined) return started;
    if (failure.includes('No space left')) throw diskFull(place.cluster);
    const isPortTaken = /Address already in use|could not create any TCP\/IP sockets/.test(failure);
    const isOrphanAlive = failure.includes('pre-existing shared memory block'); // backends of a killed server, about to end
    if ((!isPortTaken && !isOrphanAlive) || systemClock.monotonicMs() > deadlineMs) throw startFailed(place, failure);
    if (isPortTaken) port = await freePort();
    await delay(POLL_MS);
  }
}

/** Asks for a fast shutdown and waits until the process is gone. @throws {EmbeddedPostgresError} embedded_postgres_stop_failed */
export async function stopServer(place: Place, postmaster: Postmaster): Promise<void> {
  // pg_ctl stop would wait for the pid file to vanish, and a newcomer may write the next one within its polling interval.
  await run(place.binaries.pgCtl, ['kill', 'INT', String(postmaster.pid)], { runAs: place.runAs });
  await waitUntilGone(place, postmaster);
}

export async function waitUntilGone(place: Place, { pid }: Postmaster): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + STOP_LIMIT_MS;
  for (;;) {
    if (!(await isServer(pid, place.cluster))) return;
    if (systemClock.monotonicMs() > deadlineMs) break;
    await delay(POLL_MS);
  }
  throw new EmbeddedPostgresError(
    'embedded_postgres_stop_failed',
    `The embedded PostgreSQL (process ${pid}) did not stop; see ${place.logFile}.`,
  );
}

async function launch(place: Place, settings: ServerSettings): Promise<string | undefined> {
  const offset = await prepareLog(place);
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
  const finished = await run(
    place.binaries.pgCtl,
    [
      'start',
      '-w',
      '-s',
      '-t',
      String(START_LIMIT_SECONDS),
      '-D',
      place.cluster,
      '-l',
      place.logFile,
      '-o',
      options.join(' '),
    ],
    { runAs: place.runAs },
  );
  if (finished.exitCode === 0) return undefined;
  const log = await readFile(place.logFile);
  return log.subarray(offset).toString() + finished.output;
}

/** The log belongs to the account of the server, which writes it. @returns its size: what follows is of this start. */
async function prepareLog(place: Place): Promise<number> {
  const file = place.logFile;
  const handle = await open(file, 'a', 0o600);
  try {
    if (place.runAs) await handle.chown(place.runAs.uid, place.runAs.gid);
  } finally {
    await handle.close();
  }
  const { size } = await stat(file);
  if (size < LOG_LIMIT_BYTES) return size;
  await rename(file, `${file}.1`);
  return prepareLog(place);
}

function startFailed(place: Place, failure: string): EmbeddedPostgresError {
  const reason = /FATAL: +(.*)/.exec(failure)?.[1] ?? 'no reason given';
  return new EmbeddedPostgresError(
    'embedded_postgres_start_failed',
    `The embedded PostgreSQL did not start: ${reason}; see ${place.logFile}.`,
  );
}

/** Whether this process is the server of the cluster: on Linux by its working folder, which no other path to it hides. */
async function isServer(pid: number, cluster: string): Promise<boolean> {
  const found = await inspectProcess(pid);
  if (!found) return false;
  if (found.command === '') return true; // Windows does not say; PostgreSQL decides
  if (!found.command.includes('postgres')) return false;
  try {
    const [working, expected] = await Promise.all([stat(`/proc/${pid}/cwd`), stat(cluster)]);
    return working.dev === expected.dev && working.ino === expected.ino;
  } catch {
    return found.command.includes(cluster);
  }
}

async function readLines(file: string): Promise<string[] | undefined> {
  try {
    return (await readFile(file, 'utf8')).split('\n');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function freePort(): Promise<number> {
  return (await bind(0)) ?? 0;
}

async function isFree(port: number): Promise<boolean> {
  return port > 1023 && (await bind(port)) === port;
}

async function bind(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(undefined));
    probe.listen({ port, host: HOST, exclusive: true }, () => {
      const { port: bound } = probe.address() as AddressInfo;
      probe.close(() => resolve(bound));
    });
  });
}
