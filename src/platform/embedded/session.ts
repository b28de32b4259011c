import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { systemClock } from '../../kernel/clock';
import { ensureCluster, resetPassword, SUPERUSER } from './cluster';
import { EmbeddedPostgresError, errorCode } from './errors';
import type { Place } from './place';
import { readRuntime, writeRuntime, type Runtime } from './runtime-file';
import { findPostmaster, startServer, stopServer, type Postmaster, type ServerSettings } from './server';

const CONNECT_LIMIT_MS = 60_000;
const POLL_MS = 20;

/** Advisory locks belong to one database; `postgres` is used for nothing else. */
const LOCK = [0x41_53_53_45, 1];
const INVALID_PASSWORD = '28P01';

export interface Session {
  /** Connected to the database `postgres`; its shared lock keeps the server alive. */
  readonly holder: Client;
  /** Settles when the holder has lost its connection, whenever one asks. */
  readonly ended: Promise<unknown>;
  readonly runtime: Runtime;
}

export const urlOf = ({ port, password }: Runtime, database: string): string =>
  `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}?sslmode=disable`;

/** Creates, starts or adopts the server of a place, whichever is needed, and takes a share in it. Call it under the start lock. */
export async function openSession(
  place: Place,
  settings: ServerSettings,
  onMessage: (text: string) => void,
): Promise<Session> {
  await ensureCluster(place, onMessage);
  return share(place, settings);
}

/** Gives the share back and stops the server when nobody else has one. */
export async function closeSession(place: Place, { holder }: Session): Promise<void> {
  try {
    if (!(await isLastToLeave(holder))) return;
    const postmaster = await findPostmaster(place);
    if (postmaster) await stopServer(place, postmaster);
  } finally {
    await holder.end().catch(() => undefined);
  }
}

/** First let go, then ask: of several who leave at once, the last to let go finds nobody. */
async function isLastToLeave(holder: Client): Promise<boolean> {
  try {
    await holder.query('select pg_advisory_unlock_shared($1, $2)', LOCK);
    return await locked(holder, 'pg_try_advisory_lock');
  } catch {
    return false; // the server is gone already
  }
}

async function share(place: Place, settings: ServerSettings): Promise<Session> {
  const deadlineMs = systemClock.monotonicMs() + CONNECT_LIMIT_MS;
  let refusal: unknown;
  while (systemClock.monotonicMs() < deadlineMs) {
    const postmaster = await findPostmaster(place);
    const stored = await readRuntime(place.runtimeFile);
    if (!stored || errorCode(refusal) === INVALID_PASSWORD) {
      await renewPassword(place, postmaster);
      refusal = undefined;
      continue;
    }
    const runtime = postmaster ? { ...stored, port: postmaster.port } : await startServer(place, stored, settings);
    const attempt = await tryToHold(place, runtime);
    if ('holder' in attempt) return { ...attempt, runtime };
    refusal = attempt.refusal;
    await delay(POLL_MS);
  }
  throw new EmbeddedPostgresError(
    'embedded_postgres_start_failed',
    `The embedded PostgreSQL runs but did not accept a connection; see ${place.logFile}.`,
    { cause: refusal },
  );
}

/** The runtime file was lost or is of another cluster: whoever may write the cluster's files may also set a password. */
async function renewPassword(place: Place, postmaster: Postmaster | undefined): Promise<void> {
  if (postmaster) await stopServer(place, postmaster);
  await writeRuntime(place.runtimeFile, { port: 0, password: await resetPassword(place) }, place.runAs);
}

/** Refused while the server starts or stops: the caller looks again. */
async function tryToHold(
  place: Place,
  runtime: Runtime,
): Promise<Pick<Session, 'holder' | 'ended'> | { refusal: unknown }> {
  const client = new Client({
    connectionString: urlOf(runtime, 'postgres'),
    application_name: 'assent-embedded-share',
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
  });
  client.on('error', () => undefined); // a lost connection shows in its 'end' event
  const ended = new Promise((resolve) => client.once('end', resolve));
  try {
    await client.connect();
    if ((await isServerOf(client, place)) && (await locked(client, 'pg_try_advisory_lock_shared')))
      return { holder: client, ended };
    await client.end();
    return { refusal: undefined };
  } catch (error) {
    await client.end().catch(() => undefined);
    return { refusal: error };
  }
}

/** By the number initdb gave the cluster, which the first eight bytes of pg_control hold: a path may have changed. */
async function isServerOf(client: Client, place: Place): Promise<boolean> {
  const { rows } = await client.query<{ id: string }>('select system_identifier::text as id from pg_control_system()');
  const control = await readFile(join(place.cluster, 'global', 'pg_control'));
  return rows[0]?.id === control.readBigUInt64LE(0).toString();
}

async function locked(client: Client, lock: 'pg_try_advisory_lock' | 'pg_try_advisory_lock_shared'): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(`select ${lock}($1, $2) as locked`, LOCK);
  return rows[0]?.locked === true;
}
