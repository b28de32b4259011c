import { chmodSync, lstatSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  assertRuns,
  canRun,
  completeBinaries,
  copyBinaries,
  findBinaries,
  type Binaries,
} from '../../../../src/platform/embedded/binaries';
import { run } from '../../../../src/platform/embedded/processes';

const ORDINARY_USER = 65_534;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assent-binaries-'));
  chmodSync(folder, 0o777);
});
afterEach(() => rmSync(folder, { recursive: true }));

const symlinksIn = (binaries: Binaries): string[] => {
  const lib = join(binaries.folder, 'lib');
  return readdirSync(lib).filter((name) => lstatSync(join(lib, name)).isSymbolicLink());
};

/** As npm leaves the package when it must not run install scripts. */
async function unhydrated(): Promise<Binaries> {
  const copy = await copyBinaries(await findBinaries(), folder);
  for (const name of symlinksIn(copy)) rmSync(join(copy.folder, 'lib', name));
  for (const program of [copy.initdb, copy.pgCtl, copy.postgres]) chmodSync(program, 0o644);
  return copy;
}

test('a platform without a package is named, with the way out', async () => {
  await expect(findBinaries('sunos', 'sparc')).rejects.toMatchObject({
    code: 'embedded_postgres_unsupported_platform',
    message: expect.stringMatching(/sunos on sparc.*set DATABASE_URL/) as string,
  });
});

test('symlinks and permissions that the install script did not make are made', async () => {
  const binaries = await unhydrated();
  expect((await run(binaries.initdb, ['--version'])).exitCode).not.toBe(0);
  await expect(assertRuns(binaries, undefined)).rejects.toMatchObject({ code: 'embedded_postgres_cannot_run' });
  const complete = await completeBinaries(binaries, join(folder, 'unused'));
  expect(complete).toBe(binaries);
  expect((await run(complete.initdb, ['--version'])).output).toContain('18.4');
  expect(await canRun(complete, undefined)).toBe(true);
  expect(readdirSync(folder)).not.toContain('unused');
});

test('a copy is for every account, though npm or a strict umask kept them out', async () => {
  const binaries = await unhydrated();
  for (const path of [binaries.folder, join(binaries.folder, 'lib'), binaries.postgres]) chmodSync(path, 0o700);
  const umask = process.umask(0o077);
  try {
    const copy = await copyBinaries(binaries, join(folder, 'above', 'fallback'));
    const ordinary = process.getuid?.() === 0 ? { uid: ORDINARY_USER, gid: ORDINARY_USER } : undefined;
    expect(await canRun(copy, ordinary)).toBe(true);
    expect(statSync(join(copy.folder, 'share', 'postgresql', 'postgres.bki')).mode & 0o777).toBe(0o644);
    expect(statSync(join(folder, 'above')).mode & 0o777).toBe(0o755);
  } finally {
    process.umask(umask);
  }
});

test('where the package is read-only they are made in one copy', async () => {
  const binaries = await unhydrated();
  const fallback = join(folder, 'fallback');
  chmodSync(join(binaries.folder, 'lib'), 0o555);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) process.seteuid?.(ORDINARY_USER);
  try {
    const both = await Promise.all([completeBinaries(binaries, fallback), completeBinaries(binaries, fallback)]);
    expect(both.map((copy) => copy.folder)).toEqual(Array(2).fill(join(fallback, `binaries-${binaries.version}`)));
    expect((await run(both[0].initdb, ['--version'])).output).toContain('18.4');
    expect(readdirSync(fallback)).toEqual([`binaries-${binaries.version}`]);
  } finally {
    if (isRoot) process.seteuid?.(0);
    chmodSync(join(binaries.folder, 'lib'), 0o755);
  }
});
