import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { inspectProcess } from '../../../../src/platform/embedded/processes';
import { acquireStartLock, underStartLock } from '../../../../src/platform/embedded/start-lock';

const PATIENCE_MS = 20_000;
let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'assent-lock-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const write = (generation: number, content: string): void =>
  writeFileSync(join(folder, `postgres-start.${generation}.lock`), content);
const deadPid = (): number => spawnSync(process.execPath, ['-e', '']).pid;

test('one at a time, also when all of them find the lock of a dead process', async () => {
  write(3, JSON.stringify({ pid: deadPid(), startedAt: 'x', released: false }));
  let inside = 0;
  let most = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    const release = await acquireStartLock(folder, PATIENCE_MS);
    inside += 1;
    most = Math.max(most, inside);
    for (let i = 0; i < 20; i += 1) await turn();
    inside -= 1;
    done += 1;
    await release();
  };
  await Promise.all(Array.from({ length: 20 }, work));
  expect({ most, done }).toEqual({ most: 1, done: 20 });
  expect(readdirSync(folder)).toEqual(['postgres-start.23.lock']);
});

test('a live holder is waited for, not for ever', async () => {
  const release = await acquireStartLock(folder, PATIENCE_MS);
  await expect(acquireStartLock(folder, 50)).rejects.toMatchObject({ code: 'embedded_postgres_busy' });
  await release();
  await (
    await acquireStartLock(folder, PATIENCE_MS)
  )();
});

test('the process id of a dead holder may belong to another process now', async () => {
  write(1, JSON.stringify({ pid: process.pid, startedAt: 'an earlier boot', released: false }));
  const release = await acquireStartLock(folder, 50);
  expect(readdirSync(folder)).toEqual(['postgres-start.2.lock']);
  await release();
});

test('a torn file holds nobody up', async () => {
  write(1, '');
  await (
    await acquireStartLock(folder, 50)
  )();
});

test('work that fails gives the lock back', async () => {
  await expect(underStartLock(folder, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await (
    await acquireStartLock(folder, 50)
  )();
});

test('a number that was passed meanwhile does not count', async () => {
  write(3, JSON.stringify({ pid: deadPid(), startedAt: 'x', released: false }));
  const { startedAt } = (await inspectProcess(process.pid))!;
  const link = fs.link;
  const overtaken = jest.spyOn(fs, 'link').mockImplementationOnce(async (from, to) => {
    write(5, JSON.stringify({ pid: process.pid, startedAt, released: false }));
    await link(from, to);
  });
  try {
    await expect(acquireStartLock(folder, 50)).rejects.toMatchObject({ code: 'embedded_postgres_busy' });
    expect(overtaken).toHaveBeenCalledTimes(1);
    expect(readdirSync(folder).sort()).toEqual(['postgres-start.3.lock', 'postgres-start.5.lock']);
  } finally {
    overtaken.mockRestore();
  }
});
