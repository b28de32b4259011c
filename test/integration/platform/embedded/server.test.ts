import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { findBinaries } from '../../../../src/platform/embedded/binaries';
import { findPostmaster } from '../../../../src/platform/embedded/server';
import { makeDataDir, postmasterPid, removeDataDir, startChild } from '../../../support/embedded';

let dataDir: string;
beforeEach(() => (dataDir = makeDataDir()));
afterEach(() => removeDataDir(dataDir));

if (process.platform === 'linux') {
  test('a server that was started under another path to its folder is not taken for a stranger', async () => {
    const child = startChild(dataDir);
    const url = new URL(await child.url);
    const pid = postmasterPid(dataDir)!;
    const renamed = `${dataDir}-renamed`;
    renameSync(dataDir, renamed);
    const found = await findPostmaster({
      dataDir: renamed,
      cluster: join(renamed, 'postgres'),
      logFile: join(renamed, 'postgres.log'),
      runtimeFile: join(renamed, 'postgres.json'),
      binaries: await findBinaries(),
      runAs: undefined,
    });
    renameSync(renamed, dataDir);
    expect(found).toEqual({ pid, port: Number(url.port) });
    expect(postmasterPid(dataDir)).toBe(pid);
    expect(await child.release()).toMatchObject({ code: 0 });
  });
}

test('without postmaster.pid there is no server', async () => {
  const cluster = join(dataDir, 'postgres');
  const binaries = await findBinaries();
  const place = { dataDir, cluster, logFile: '', runtimeFile: '', binaries, runAs: undefined };
  expect(await findPostmaster(place)).toBeUndefined();
});
