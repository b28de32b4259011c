import { mkdir, realpath } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { escapeIdentifier, type Client } from 'pg';
import { errorCode, translateFileError } from './errors';
import { preparePlace, type Place } from './place';
import type { ServerSettings } from './server';
import { closeSession, openSession, urlOf, type Session } from './session';
import { underStartLock } from './start-lock';

export type { EmbeddedPostgresErrorCode } from './errors';

export interface EmbeddedPostgresOptions {
  /** DATA_DIR; made when missing. Processes that name the same folder share one server. */
  readonly dataDir: string;
  /** Created when missing. */
  readonly database?: string;
  /** Settings for the start of the server, over ours; ignored when it runs already. Values must need no quotes. */
  readonly settings?: ServerSettings;
  /** What the operator should know, such as a database kept outside DATA_DIR. */
  readonly onMessage?: (text: string) => void;
}

export interface EmbeddedPostgres {
  /** Connection string of the database asked for. It holds the password: never print it. */
  readonly url: string;
  /** Connection string of another database of the same server. */
  databaseUrl(name: string): string;
  /** The cluster: DATA_DIR/postgres, or a folder below /var/lib/assent. */
  readonly dataDirectory: string;
  readonly logFile: string;
  /** To be called last, after every pool is closed. The last process to release stops the server. */
  release(): Promise<void>;
}

const REOPEN_MS = 500;
const DUPLICATE_DATABASE = '42P04';
const UNIQUE_VIOLATION = '23505';

/**
 * The PostgreSQL of an installation without DATABASE_URL: created on the first call, started or adopted on the next,
 * kept alive until every process that called this has released it. When the server dies under a process that still
 * holds it, that process starts it again on the same port.
 *
 * @throws {UserError | OperationalError} with an EmbeddedPostgresErrorCode and one sentence for the operator.
 */
export async function openEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { database = 'assent', settings = {}, onMessage = () => undefined } = options;
  try {
    await mkdir(options.dataDir, { recursive: true });
    const dataDir = await realpath(options.dataDir); // two paths to one folder must not become two servers
    const { place, session } = await underStartLock(dataDir, async () => {
      const found = await preparePlace(dataDir, onMessage);
      return { place: found, session: await openSession(found, settings, onMessage) };
    });
    const reopen = async (): Promise<Session> =>
      underStartLock(dataDir, async () => openSession(place, settings, onMessage));
    const share = keepSession(place, session, reopen, onMessage);
    try {
      await ensureDatabase(share.session().holder, database);
    } catch (error) {
      await share.release();
      throw error;
    }
    const databaseUrl = (name: string): string => urlOf(share.session().runtime, name);
    return {
      url: databaseUrl(database),
      databaseUrl,
      dataDirectory: place.cluster,
      logFile: place.logFile,
      release: share.release,
    };
  } catch (error) {
    throw translateFileError(error, options.dataDir);
  }
}

interface KeptSession {
  readonly session: () => Session;
  readonly release: () => Promise<void>;
}

/** A share that is taken anew whenever its connection is lost: a server that crashed has forgotten every lock. */
function keepSession(
  place: Place,
  first: Session,
  open: () => Promise<Session>,
  onMessage: (text: string) => void,
): KeptSession {
  let session = first;
  let released: Promise<void> | undefined;
  let reopening: Promise<void> = Promise.resolve();
  const isReleased = (): boolean => released !== undefined;

  const reopen = async (): Promise<void> => {
    while (!isReleased()) {
      try {
        const { port } = session.runtime;
        session = await open();
        watch();
        if (session.runtime.port !== port)
          onMessage('The embedded PostgreSQL is back on another port: restart Assent.');
        return;
      } catch (error) {
        onMessage(`The embedded PostgreSQL was lost and is not back yet: ${(error as Error).message}`);
        await delay(REOPEN_MS);
      }
    }
  };
  const watch = (): void => {
    void session.ended.then(() => {
      if (!isReleased()) reopening = reopen();
    });
  };
  const close = async (): Promise<void> => {
    await reopening;
    await closeSession(place, session);
  };
  watch();
  return {
    session: () => session,
    release: async () => (released ??= close()),
  };
}

async function ensureDatabase(client: Client, name: string): Promise<void> {
  const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
  if (rowCount !== 0) return;
  try {
    await client.query(`create database ${escapeIdentifier(name)} template template0`);
  } catch (error) {
    // another process made it in the same moment
    if (errorCode(error) !== DUPLICATE_DATABASE && errorCode(error) !== UNIQUE_VIOLATION) throw error;
  }
}
