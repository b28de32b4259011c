import { randomBytes } from 'node:crypto';
import { chown, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { assertRuns } from './binaries';
import { diskFull, EmbeddedPostgresError, EmbeddedPostgresUserError, errorCode } from './errors';
import { isCluster, makeOwnFolder, type Place } from './place';
import { run } from './processes';
import { readRuntime, writeRuntime } from './runtime-file';

export const SUPERUSER = 'assent';
const DRAFT = 'postgres.new-';

/**
 * Makes the cluster if there is none. Call it under the start lock.
 *
 * initdb works in a draft folder that gets the final name when it is whole, so that a crash in the middle leaves
 * nothing that looks like a cluster. initdb flushes every file to disk before it ends (0.2 s of its 0.7 s): the rename
 * must not outlive the files in a power cut.
 *
 * @throws {EmbeddedPostgresError} embedded_postgres_init_failed, embedded_postgres_cannot_run, embedded_postgres_disk_full
 * @throws {EmbeddedPostgresUserError} embedded_postgres_version_mismatch
 */
export async function ensureCluster(place: Place, onMessage: (text: string) => void): Promise<void> {
  await removeDrafts(dirname(place.cluster));
  if (await isCluster(place.cluster)) return assertVersion(place);
  await assertRuns(place.binaries, place.runAs);
  await moveAside(place.cluster, onMessage);
  const password = newPassword();
  const draft = await mkdtemp(join(dirname(place.cluster), DRAFT));
  try {
    await makeOwnFolder(draft, place.runAs);
    await initialise(place, draft, password);
    const earlier = await readRuntime(place.runtimeFile);
    await writeRuntime(place.runtimeFile, { port: earlier?.port ?? 0, password }, place.runAs);
    await rename(join(draft, 'cluster'), place.cluster);
  } finally {
    await rm(draft, { recursive: true, force: true, maxRetries: 5 });
  }
}

export const newPassword = (): string => randomBytes(24).toString('base64url');

/**
 * Gives the superuser a new password while the server is down: what is left when the runtime file was lost.
 *
 * @throws {EmbeddedPostgresError} embedded_postgres_start_failed
 */
export async function resetPassword(place: Place): Promise<string> {
  const password = newPassword();
  const statement = `alter role ${SUPERUSER} password '${password}'\n`;
  const finished = await run(place.binaries.postgres, ['--single', '-j', '-D', place.cluster, 'postgres'], {
    runAs: place.runAs,
    input: `${statement};\n\n`,
  });
  if (finished.exitCode === 0 && !/ERROR|FATAL/.test(finished.output)) return password;
  throw new EmbeddedPostgresError(
    'embedded_postgres_start_failed',
    `The password of the embedded PostgreSQL in ${place.cluster} was lost and could not be set anew.`,
  );
}

async function initialise(place: Place, draft: string, password: string): Promise<void> {
  const passwordFile = join(draft, 'password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (place.runAs) await chown(passwordFile, place.runAs.uid, place.runAs.gid);
  const finished = await run(
    place.binaries.initdb,
    [
      `--pgdata=${join(draft, 'cluster')}`,
      `--username=${SUPERUSER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-instructions',
    ],
    { runAs: place.runAs },
  );
  if (finished.exitCode === 0) return;
  if (/No space left|Disk quota/.test(finished.output)) throw diskFull(place.cluster);
  const reason = /error: (.*)|FATAL: +(.*)/.exec(finished.output);
  throw new EmbeddedPostgresError(
    'embedded_postgres_init_failed',
    `The embedded PostgreSQL could not create its database files in ${place.cluster}: ${reason?.[1] ?? reason?.[2] ?? 'initdb failed'}.`,
  );
}

async function removeDrafts(folder: string): Promise<void> {
  const leftovers = (await readdir(folder)).filter((name) => name.startsWith(DRAFT));
  await Promise.all(
    leftovers.map(async (name) => rm(join(folder, name), { recursive: true, force: true, maxRetries: 5 })),
  );
}

/** A folder of that name which is not a cluster may still be somebody's only copy of something: never delete it. */
async function moveAside(cluster: string, onMessage: (text: string) => void): Promise<void> {
  try {
    await stat(cluster);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  const aside = `${cluster}.incomplete-${randomBytes(4).toString('hex')}`;
  await rename(cluster, aside);
  onMessage(`The folder ${cluster} is not a complete PostgreSQL cluster; it was moved to ${aside}.`);
}

async function assertVersion(place: Place): Promise<void> {
  const found = (await readFile(join(place.cluster, 'PG_VERSION'), 'utf8')).trim();
  const ours = place.binaries.version.split('.')[0] ?? '';
  if (found === ours) return;
  throw new EmbeddedPostgresUserError(
    'embedded_postgres_version_mismatch',
    `The database in ${place.cluster} was made by PostgreSQL ${found}, this is ${ours}: dump it with ${found} and load it into a new DATA_DIR.`,
  );
}
