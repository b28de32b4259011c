import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { inspectProcess, run } from '../../../../src/platform/embedded/processes';
import { until } from '../../../support/embedded';

test('a process is told from a later one with the same id, and a dead one is none', async () => {
  const self = await inspectProcess(process.pid);
  expect(self).toEqual(await inspectProcess(process.pid));
  expect(self?.command).toContain('node');
  expect(await inspectProcess(spawnSync(process.execPath, ['-e', '']).pid)).toBeUndefined();
  const later = spawn('sleep', ['60']);
  try {
    expect((await inspectProcess(later.pid!))?.startedAt).toMatch(/./);
    expect((await inspectProcess(later.pid!))?.startedAt).not.toBe(self?.startedAt);
  } finally {
    later.kill();
  }
});

test('a process that ended and that nobody reaps is none', async () => {
  const parent = spawn('/bin/sh', ['-c', 'sleep 60 & echo $!; exec sleep 60']);
  try {
    const [chunk] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(chunk.toString());
    expect(await inspectProcess(pid)).toBeDefined();
    process.kill(pid);
    await until(async () => (await inspectProcess(pid)) === undefined, 5_000);
    expect(process.kill(pid, 0)).toBe(true);
  } finally {
    parent.kill();
  }
});

test('a program runs in a process group of its own, without our environment, in the root folder', async () => {
  expect(await run('/bin/sh', ['-c', 'kill -0 -$$ && pwd && echo "$LC_ALL $HOME"'])).toEqual({
    exitCode: 0,
    output: '/\nC \n',
  });
});

test('what a program says and how it ended', async () => {
  expect(await run('/bin/sh', ['-c', 'cat; echo no >&2; exit 3'], { input: 'in,' })).toEqual({
    exitCode: 3,
    output: 'in,no\n',
  });
  expect((await run('/no/such/program', [])).exitCode).toBe(127);
});
