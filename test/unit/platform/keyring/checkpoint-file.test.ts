import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkpointFile } from '../../../../src/platform/keyring/checkpoint-file';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'assent-copy-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

const note = (size: number): string =>
  `log.example.com/consent\n${size}\nroot\n\n\u2014 signature ${'x'.repeat(200)}\n`;
const stored = (): string => readFileSync(path.join(dir, 'checkpoint.note'), 'utf8');

it('is nothing before the first checkpoint, and then the newest, for its owner alone', async () => {
  const copy = checkpointFile(dir);
  expect(await copy.read()).toBeNull();
  await copy.write(note(1));
  await copy.write(note(20));
  expect(await copy.read()).toBe(note(20));
  expect(statSync(path.join(dir, 'checkpoint.note')).mode & 0o777).toBe(0o600);
});

it('does not go back', async () => {
  const copy = checkpointFile(dir);
  await copy.write(note(20));
  await copy.write(note(3));
  expect(await copy.read()).toBe(note(20));
});

it('is whole and leaves nothing behind when several processes of one id write at once', async () => {
  const writers = [checkpointFile(dir), checkpointFile(dir), checkpointFile(dir)];
  for (let size = 1; size <= 300; size += 3) {
    await Promise.all(writers.map((writer, at) => writer.write(note(size + at))));
    expect(stored()).toMatch(/^log\.example\.com\/consent\n\d+\nroot\n\n\u2014 signature x{200}\n$/);
  }
  expect(readdirSync(dir)).toEqual(['checkpoint.note']);
});

it('is written over what a death left half written beside it', async () => {
  writeFileSync(path.join(dir, 'checkpoint.note.next'), note(7).slice(0, 30));
  const copy = checkpointFile(dir);
  await copy.write(note(8));
  expect(await copy.read()).toBe(note(8));
});

it('removes what a process was killed over a minute ago, and no successor of a ring', async () => {
  for (const name of ['checkpoint.note.x.next', 'checkpoint.note.y.next', 'system.bin.next'])
    writeFileSync(path.join(dir, name), note(7));
  for (const name of ['checkpoint.note.x.next', 'system.bin.next']) utimesSync(path.join(dir, name), 1, 1);
  await checkpointFile(dir).write(note(8));
  expect(readdirSync(dir).sort()).toEqual(['checkpoint.note', 'checkpoint.note.y.next', 'system.bin.next']);
});
