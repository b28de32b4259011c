import { linkSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { shredUnfinished } from '../../../src/platform/unfinished-files';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(`${tmpdir()}/assent-unfinished-`);
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

const write = (name: string, ageMs = 0): void => {
  writeFileSync(path.join(dir, name), 'the words of somebody');
  const at = (Date.now() - ageMs) / 1_000;
  utimesSync(path.join(dir, name), at, at);
};

it('overwrites and removes what is abandoned or over, and leaves alone what is new, finished or not meant', async () => {
  write('a.keys.1.next', 61_000);
  write('b.keys.1.next', 30_000);
  write('c.keys.1.next');
  write('d.keys', 61_000);
  write('other.next', 61_000);
  linkSync(path.join(dir, 'a.keys.1.next'), path.join(dir, 'link'));
  const isMeant = (name: string): boolean => name !== 'other.next';
  expect(await shredUnfinished(dir, { isMeant, isOver: (name) => name.startsWith('c.') })).toBe(2);
  expect(readdirSync(dir).sort()).toEqual(['b.keys.1.next', 'd.keys', 'link', 'other.next']);
  expect(readFileSync(path.join(dir, 'link'), 'latin1')).not.toContain('words');
  expect(await shredUnfinished(dir)).toBe(1);
});

it('finds nothing in a folder that is not there', async () => {
  expect(await shredUnfinished(path.join(dir, 'none'))).toBe(0);
});
