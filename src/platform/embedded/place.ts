import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ensureAccount } from './account';
import { canRun, completeBinaries, copyBinaries, findBinaries, makeSharedFolder, type Binaries } from './binaries';
import { EmbeddedPostgresUserError, errorCode } from './errors';
import { run, type RunAs } from './processes';
import { readRuntime } from './runtime-file';

/** Everything that stays the same for one DATA_DIR: where the cluster lies and who runs it. */
export interface Place {
  readonly dataDir: string;
  readonly cluster: string;
  readonly logFile: string;
  readonly runtimeFile: string;
  readonly binaries: Binaries;
  readonly runAs: RunAs | undefined;
}

const AWAY_ROOT = '/var/lib/assent';

/**
 * Decides where binaries and cluster lie. An existing cluster always wins: a changed permission must never make the
 * program start over with an empty database. Call it under the start lock of `dataDir`.
 *
 * @throws {EmbeddedPostgresUserError} embedded_postgres_unsupported_platform, embedded_postgres_path_unsupported,
 *   embedded_postgres_no_access
 */
export async function preparePlace(dataDir: string, onMessage: (text: string) => void): Promise<Place> {
  const packaged = await findBinaries();
  const place =
    process.getuid?.() === 0 ? await placeForRoot(dataDir, packaged, onMessage) : await placeHere(dataDir, packaged);
  for (const path of [place.cluster, place.binaries.folder]) assertQuotable(path);
  return place;
}

export async function isCluster(folder: string): Promise<boolean> {
  return (await statOf(join(folder, 'global', 'pg_control'))) !== undefined;
}

/** Makes a folder that only the account of the server can enter. */
export async function makeOwnFolder(folder: string, runAs: RunAs | undefined): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  if (runAs) await chown(folder, runAs.uid, runAs.gid);
}

const placeIn = (dataDir: string, folder: string, binaries: Binaries, runAs: RunAs | undefined): Place => ({
  dataDir,
  cluster: join(folder, 'postgres'),
  logFile: join(folder, 'postgres.log'),
  runtimeFile: runtimeFile(dataDir),
  binaries,
  runAs,
});

async function placeHere(dataDir: string, packaged: Binaries): Promise<Place> {
  const away = await readLocation(dataDir);
  if (away === undefined) return placeIn(dataDir, dataDir, await completeBinaries(packaged, dataDir), undefined);
  throw new EmbeddedPostgresUserError(
    'embedded_postgres_no_access',
    `The database of ${dataDir} was made by root and is kept in ${away}: run Assent as root or set DATABASE_URL.`,
  );
}

async function placeForRoot(dataDir: string, packaged: Binaries, onMessage: (text: string) => void): Promise<Place> {
  const clone = cloneRoot();
  const home = join(AWAY_ROOT, `${basename(clone)}-${shortHash(clone)}`);
  const isHere = await isCluster(join(dataDir, 'postgres'));
  const known = isHere ? undefined : await readLocation(dataDir);
  const runAs = isHere ? await ownerOf(join(dataDir, 'postgres')) : await ensureAccount();

  const complete = await completeBinaries(packaged, home);
  const binariesReachable = await canRun(complete, runAs);
  const dataReachable = await canEnter(dataDir, runAs);
  if (isHere && !dataReachable) throw unreachable(dataDir);
  const stays = isHere || (known === undefined && binariesReachable && dataReachable);
  const binaries = binariesReachable ? complete : await copyBinaries(complete, home);
  if (stays) return placeIn(dataDir, dataDir, binaries, runAs);

  const away = known ?? join(home, `data-${randomBytes(4).toString('hex')}`);
  await prepareAway(dataDir, away, runAs);
  onMessage(
    `PostgreSQL does not run as root, and its system user cannot reach ${binariesReachable ? dataDir : clone}: ` +
      `the database is kept in ${away}.`,
  );
  return placeIn(dataDir, away, binaries, runAs);
}

async function prepareAway(dataDir: string, away: string, runAs: RunAs): Promise<void> {
  if ((await readLocation(dataDir)) === away) await assertStillThere(dataDir, away);
  await makeSharedFolder(dirname(away));
  await makeOwnFolder(away, runAs);
  await writeFile(originFile(away), dataDir);
  await writeFile(locationFile(dataDir), away);
}

/** A folder that vanished, as with a container made anew, must not silently become an empty database. */
async function assertStillThere(dataDir: string, away: string): Promise<void> {
  const wasStarted = ((await readRuntime(runtimeFile(dataDir)))?.port ?? 0) > 0;
  if (!wasStarted || (await isCluster(join(away, 'postgres')))) return;
  throw new EmbeddedPostgresUserError(
    'embedded_postgres_missing',
    `The database of ${dataDir} is gone from ${away}: restore that folder, or delete ${locationFile(dataDir)} for an empty one.`,
  );
}

const runtimeFile = (dataDir: string): string => join(dataDir, 'postgres.json');
const locationFile = (dataDir: string): string => join(dataDir, 'postgres-location');
const originFile = (away: string): string => join(away, 'origin');

/**
 * The folder below /var/lib/assent that holds the cluster of this DATA_DIR. It is found through a file in DATA_DIR, so
 * that a moved clone finds it again and an emptied DATA_DIR starts anew; and it names its DATA_DIR, so that of two
 * copies only the first one keeps it.
 */
async function readLocation(dataDir: string): Promise<string | undefined> {
  const away = await readText(locationFile(dataDir));
  if (away === undefined || process.getuid?.() !== 0) return away;
  const origin = await readText(originFile(away));
  const isCopy = origin !== undefined && origin !== dataDir && (await readText(locationFile(origin))) === away;
  return isCopy ? undefined : away;
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')) || undefined;
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

function unreachable(dataDir: string): EmbeddedPostgresUserError {
  return new EmbeddedPostgresUserError(
    'embedded_postgres_no_access',
    `The account that owns the database in ${dataDir} can no longer enter that folder: ` +
      'give the folder and those above it the permission o+x.',
  );
}

/** A cluster that an ordinary user made is run as that user when root comes along. */
async function ownerOf(folder: string): Promise<RunAs> {
  const { uid, gid } = await stat(folder);
  return uid === 0 ? ensureAccount() : { uid, gid };
}

async function canEnter(folder: string, runAs: RunAs): Promise<boolean> {
  return (await run('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], { runAs })).exitCode === 0;
}

/** pg_ctl and initdb put these paths into a shell command between double quotes. */
function assertQuotable(path: string): void {
  if (!/["$`\n]/.test(path)) return;
  throw new EmbeddedPostgresUserError(
    'embedded_postgres_path_unsupported',
    'The embedded PostgreSQL cannot work in a folder whose path has a quote, a dollar sign, a backtick or a line break.',
  );
}

/** The folder with node_modules: a build may put a package.json into dist/ too. */
function cloneRoot(): string {
  let folder = __dirname;
  while (!existsSync(join(folder, 'node_modules')) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);

async function statOf(path: string): Promise<unknown> {
  try {
    return await stat(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}
