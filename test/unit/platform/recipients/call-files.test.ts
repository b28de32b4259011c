import { linkSync, readdirSync, readFileSync, statSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { callFiles } from '../../../../src/platform/recipients/call-files';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(`${tmpdir()}/assent-calls-`);
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

it('keeps a file for each call, for its owner alone, until it is dropped', async () => {
  const folder = path.join(dir, 'calls');
  const files = callFiles(folder);
  expect([await files.ids(), await files.read('a')]).toEqual([[], null]);
  await files.put('a', Buffer.from('one'));
  await files.put('a', Buffer.from('two'));
  await files.put('b', Buffer.from('three'));
  expect((await files.ids()).toSorted()).toEqual(['a', 'b']);
  expect((await files.read('a'))?.toString()).toBe('two');
  expect([folder, path.join(folder, 'a.call')].map((name) => statSync(name).mode & 0o777)).toEqual([0o700, 0o600]);
  await files.drop('a');
  await files.drop('a');
  expect([await files.read('a'), await files.ids(), readdirSync(folder)]).toEqual([null, ['b'], ['b.call']]);
});

it('overwrites what it drops or replaces', async () => {
  const files = callFiles(dir);
  const other = (name: string) => path.join(dir, name);
  await files.put('a', Buffer.from('the first words'));
  linkSync(other('a.call'), other('first'));
  await files.put('a', Buffer.from('the second words'));
  linkSync(other('a.call'), other('second'));
  await files.drop('a');
  for (const name of ['first', 'second']) expect(readFileSync(other(name)).toString('latin1')).not.toContain('words');
});

it('leaves nothing of a call that a process was killed over while it was put', async () => {
  const files = callFiles(dir);
  const killed = (id: string): void => writeFileSync(path.join(dir, `${id}.call.${id}.next`), 'half of the words');
  killed('a');
  await files.put('a', Buffer.from('one'));
  expect(readdirSync(dir)).toEqual(['a.call']);
  killed('a');
  await files.drop('a');
  killed('b');
  await files.drop('b');
  expect(readdirSync(dir)).toEqual([]);
  killed('c');
  expect(await files.dropUnfinished()).toBe(0);
  utimesSync(path.join(dir, 'c.call.c.next'), 1, 1);
  expect([await files.dropUnfinished(), readdirSync(dir)]).toEqual([1, []]);
});
