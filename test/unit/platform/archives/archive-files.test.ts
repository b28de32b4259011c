import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { archiveFiles } from '../../../../src/platform/archives/archive-files';

const NAME = '0f6f3c0e-7f51-4a10-9d6e-8f0f5a1f9a10-1.age';
let folder: string;
beforeEach(() => {
  folder = path.join(mkdtempSync(path.join(os.tmpdir(), 'assent-archives-')), 'exports');
});
afterEach(() => {
  rmSync(path.dirname(folder), { recursive: true });
});

async function* parts(...texts: string[]): AsyncGenerator<Buffer> {
  for (const text of texts) {
    if (text === 'fail') throw new Error('failed');
    yield await Promise.resolve(Buffer.from(text));
  }
}

async function textOf(name: string): Promise<string | null> {
  const found = await archiveFiles(folder).read(name);
  if (found === null) return null;
  const all: Buffer[] = [];
  for await (const part of found.stream) all.push(part);
  return Buffer.concat(all).toString();
}

it('writes files that nobody else may read, and reads them', async () => {
  const files = archiveFiles(folder);
  expect(await files.list()).toEqual([]);
  expect(await files.read(NAME)).toBeNull();
  expect(await files.write(NAME, parts('one', 'two'))).toBe(6);
  expect(await textOf(NAME)).toBe('onetwo');
  expect(statSync(path.join(folder, NAME)).mode & 0o777).toBe(0o600);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(await files.list()).toEqual([NAME]);
});

it('leaves nothing of a file that fails', async () => {
  await expect(archiveFiles(folder).write(NAME, parts('one', 'fail'))).rejects.toThrow('failed');
  expect(readdirSync(folder)).toEqual([]);
});

it('lists no file but archives, and removes what is there or not', async () => {
  const files = archiveFiles(folder);
  await files.write(NAME, parts('one'));
  writeFileSync(path.join(folder, 'notes.txt'), 'mine');
  expect(await files.list()).toEqual([NAME]);
  await files.remove(NAME);
  await files.remove(NAME);
  expect(readdirSync(folder)).toEqual(['notes.txt']);
});
