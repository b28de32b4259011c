import path from 'node:path';
import type { Config } from '../../config/env';
import { migrations } from '../../migrations';
import { moveAccountKeys } from '../domain/accounts';
import { ownOpenings, type OwnOpeningsDeps } from '../domain/consent';
import type { EndedFacts, ErasedAccounts, KeyRing, KeyRingCopy } from '../domain/keyring.types';
import type { CheckpointCopy, LeafCopy } from '../domain/ledger';
import { requireServable } from '../domain/restore';
import { systemClock, type Clock } from '../kernel/clock';
import { codeOf, UserError } from '../kernel/errors';
import { randomIds, type Ids } from '../kernel/ids';
import type { Log } from '../kernel/log';
import { inDirectoryOf, makeDirectory } from '../platform/directories';
import { openEmbeddedPostgres } from '../platform/embedded';
import {
  checkpointFile,
  endedFiles,
  erasedAccountsFile,
  leafFile,
  markFile,
  openKeyRing,
  postgresRingRegistry,
  readRingsAsTheyAre,
  registryOf,
  type Mark,
  type RingRegistry,
} from '../platform/keyring';
import { openLog } from '../platform/logging/log';
import { openMetrics, type Metrics } from '../platform/metrics/metrics';
import { DatabaseError } from '../platform/postgres/database-error';
import { openDatabase, type OpenDatabase } from '../platform/postgres/database';
import { migrateDatabase } from '../platform/postgres/migrate';
import { openJobQueue, type OpenJobQueue } from '../platform/queue/job-queue';
import type { QueueConnection } from '../platform/queue/queue-backend';
import { connectRedis } from '../platform/redis/connection';
import { generatedSecrets, type GeneratedSecrets } from '../platform/secrets/generated-secrets';
import { announceKeyRingCopy, openKeyRingCopy } from './key-ring-copy';
import { endProcess, startKeyWatch } from './key-watch';

/** What everything else stands on: opened once a process, closed in the opposite order. */
export interface Infrastructure {
  readonly config: Config;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly db: OpenDatabase;
  readonly keyRing: KeyRing;
  /** The master keys: the first seals the key ring. */
  readonly keyRingSeals: readonly [Buffer, ...Buffer[]];
  /** The last signed checkpoint, beside the key ring. */
  readonly checkpointCopy: CheckpointCopy;
  /** The inputs of all leaves, beside the key ring. */
  readonly leafCopy: LeafCopy;
  /** Deleted accounts, beside the key ring. */
  readonly erasedAccounts: ErasedAccounts;
  /** Who unsubscribed and which API keys were revoked, beside the key ring. */
  readonly ended: EndedFacts;
  /** Null where no second directory is named. */
  readonly keyRingCopy: KeyRingCopy | null;
  /** Rows of the rings, as the registry in use has them. */
  readonly ringRegistry: RingRegistry;
  readonly queue: OpenJobQueue;
  readonly queueConnection: QueueConnection;
  /** null in production, where every secret is given. */
  readonly generated: GeneratedSecrets | null;
  close(): Promise<void>;
}

export interface InfrastructureOptions {
  readonly role: 'api' | 'worker' | 'all' | 'cli' | 'restore';
  /** Sentences for the person who started the program. */
  readonly say: (text: string) => void;
  /** Opens although the queue does not answer: for whoever is to say that. */
  readonly mayLackQueue?: boolean;
}

/**
 * Connections of one process; the embedded server allows 200 in all. More than this bought nothing on two cores: chunks
 * that claim and record at once only get into each other's way.
 */
const POOL_SIZE = { api: 16, worker: 20, all: 24, cli: 4, restore: 4 } as const;

/**
 * Opens database, key ring and queue, and brings the schema up to date.
 *
 * @throws {UserError | OperationalError} with one sentence for the operator; what was opened before is closed again
 */
export async function openInfrastructure(config: Config, options: InfrastructureOptions): Promise<Infrastructure> {
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const step of closers.splice(0).reverse()) await step();
  };
  try {
    return { ...(await open(config, options, closers)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Not at every start: see `ownOpenings`. */
async function ownOpeningsOnce(deps: OwnOpeningsDeps, mark: Mark): Promise<void> {
  if (await mark.isSet()) return;
  await ownOpenings(deps);
  await mark.set();
}

const SERVING: ReadonlySet<string> = new Set<InfrastructureOptions['role']>(['api', 'worker', 'all']);

async function open(
  config: Config,
  options: InfrastructureOptions,
  closers: (() => Promise<void>)[],
): Promise<Omit<Infrastructure, 'close'>> {
  const log = openLog(config.logLevel);
  closers.push(() => log.close());
  const generated = await openDataDirectory(config);
  const url = await databaseUrl(config, options, closers);
  const db = await openDatabase({
    url,
    poolSize: POOL_SIZE[options.role],
    migrations,
    applicationName: `assent-${options.role}`,
  }).catch((error: unknown) => {
    throw unreachable(error);
  });
  closers.push(() => db.close());
  await migrateDatabase(db);
  const seals = config.masterKeys ?? ([requiredSecrets(generated).masterKey] as const);
  const { registry, keyRing } = await openKeys(config, { role: options.role, db, seals });
  if (SERVING.has(options.role)) {
    await requireServable({ db, keyRing, checkpointCopy: checkpointFile(config.keyRingDir) }).catch(
      (error: unknown) => {
        log.error('restore.needed', { code: codeOf(error) });
        throw error;
      },
    );
    await announceKeyRingCopy(config, log, options.say);
  }
  if (options.role !== 'restore') await moveAccountKeys(db, keyRing);
  if (SERVING.has(options.role)) {
    await ownOpeningsOnce({ db, keyRing }, markFile(config.keyRingDir, 'openings.owned'));
    const watch = startKeyWatch({
      db,
      keyRing,
      checkpointCopy: checkpointFile(config.keyRingDir),
      log,
      onSetBack: endProcess,
    });
    closers.push(() => watch.stop());
  }
  const queueConnection = connectionFor(config, url);
  const queue = openJobQueue(queueConnection, log);
  closers.push(() => queue.close());
  if (options.mayLackQueue !== true) await queue.ping();
  return {
    config,
    clock: systemClock,
    ids: randomIds,
    log,
    metrics: openMetrics(),
    db,
    keyRing,
    keyRingSeals: seals,
    ringRegistry: registry,
    checkpointCopy: checkpointFile(config.keyRingDir),
    leafCopy: leafFile(config.keyRingDir),
    erasedAccounts: erasedAccountsFile(config.keyRingDir),
    ended: endedFiles(config.keyRingDir),
    keyRingCopy: await openKeyRingCopy({ config, registry, log }),
    queue,
    queueConnection,
    generated,
  };
}

/** Makes DATA_DIR where something of the installation itself lies in it, and reads its generated secrets. */
const openDataDirectory = (config: Config): Promise<GeneratedSecrets | null> =>
  inDirectoryOf('DATA_DIR', async () => {
    const { dataDir, keyRingDir, databaseUrl: url, production } = config;
    if (!production || url === null || path.dirname(keyRingDir) === dataDir) await makeDirectory(dataDir);
    return production ? null : generatedSecrets(dataDir);
  });

interface KeyParts {
  readonly role: InfrastructureOptions['role'];
  readonly db: OpenDatabase;
  readonly seals: Infrastructure['keyRingSeals'];
}

const openKeys = (
  { keyRingDir: dir }: Config,
  { role, db, seals }: KeyParts,
): Promise<Pick<Infrastructure, 'keyRing'> & { readonly registry: RingRegistry }> =>
  inDirectoryOf('KEYRING_DIR', async () => {
    // Until a restore is done, the rows of a database that was set back speak of rings that are gone.
    const registry = role === 'restore' ? registryOf(await readRingsAsTheyAre(dir, seals)) : postgresRingRegistry(db);
    const keyRing = await openKeyRing({ dir, seals, registry, clock: systemClock, ids: randomIds });
    return { registry, keyRing };
  });

async function databaseUrl(
  config: Config,
  options: InfrastructureOptions,
  closers: (() => Promise<void>)[],
): Promise<string> {
  if (config.databaseUrl !== null) return config.databaseUrl;
  const embedded = await openEmbeddedPostgres({ dataDir: config.dataDir, onMessage: options.say });
  closers.push(() => embedded.release());
  return embedded.url;
}

function connectionFor(config: Config, postgresUrl: string): QueueConnection {
  const { redisUrl } = config;
  if (redisUrl === null) return { kind: 'postgres', url: postgresUrl };
  return { kind: 'redis', connect: () => connectRedis(redisUrl) };
}

/** The driver's own text would quote the address with its password. */
function unreachable(error: unknown): UserError {
  const state = error instanceof DatabaseError ? error.sqlState : 'unknown';
  const reasons: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'nothing listens there',
    ENOTFOUND: 'the host is unknown',
    '28P01': 'the password is refused',
    '28000': 'the user is refused',
    '3D000': 'there is no such database',
  };
  return new UserError(
    'database_unreachable',
    `the database of DATABASE_URL cannot be opened: ${reasons[state] ?? `fault ${state}`}`,
  );
}

export function requiredSecrets(generated: GeneratedSecrets | null): GeneratedSecrets {
  if (generated === null)
    throw new UserError('configuration_invalid', 'a secret is missing although the configuration was accepted');
  return generated;
}
