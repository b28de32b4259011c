import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { ArchiveFile } from '../../../../src/domain/backup/backup.types';
import { filesOfTar, MOST_FILE_BYTES, tarOf } from '../../../../src/domain/backup/tar';

const AT = new Date('2026-11-26T10:11:12.403Z');
const FILES: readonly ArchiveFile[] = [
  { path: 'README.txt', bytes: Buffer.from('read me\n') },
  { path: 'leads/000001.jsonl', bytes: Buffer.alloc(512, 'x') },
  { path: 'leads/000002.jsonl', bytes: Buffer.alloc(1_000_001, 'y') },
  { path: 'empty', bytes: Buffer.alloc(0) },
];

async function* inParts<T>(parts: Iterable<T>): AsyncGenerator<T> {
  for (const part of parts) yield await Promise.resolve(part);
}

const pieces = function* (bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
};

async function allOf<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of source) all.push(one);
  return all;
}

const written = async (files: readonly ArchiveFile[]): Promise<Buffer> =>
  Buffer.concat(await allOf(tarOf(inParts(files), AT)));

const read = (tar: Buffer, size = 700): Promise<ArchiveFile[]> => allOf(filesOfTar(inParts(pieces(tar, size))));

const unreadable = expect.objectContaining({ code: 'archive_unreadable' }) as Error;

describe('tarOf', () => {
  it('writes what the program tar reads', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'assent-tar-'));
    try {
      writeFileSync(path.join(folder, 'a.tar'), await written(FILES));
      execFileSync('tar', ['-xf', 'a.tar'], { cwd: folder, stdio: 'pipe' });
      for (const { path: name, bytes } of FILES) expect(readFileSync(path.join(folder, name)).equals(bytes)).toBe(true);
      expect(statSync(path.join(folder, 'README.txt')).mode & 0o777).toBe(0o600);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('filesOfTar', () => {
  it.each([1_000_000, 512, 7])('gives the files back, in pieces of %d bytes', async (size) => {
    const files = await read(await written(FILES), size);
    expect(files.map((file) => file.path)).toEqual(FILES.map((file) => file.path));
    files.forEach((file, at) => {
      expect(file.bytes.equals(FILES[at]?.bytes ?? Buffer.alloc(1))).toBe(true);
    });
  });

  it('refuses what ends early, was changed, or is no tar', async () => {
    const tar = await written(FILES);
    await expect(read(tar.subarray(0, 2_000))).rejects.toThrow(unreadable);
    await expect(read(Buffer.alloc(2_000, 'z'))).rejects.toThrow(unreadable);
    const changed = Buffer.from(tar);
    changed.write('X', 0);
    await expect(read(changed)).rejects.toThrow(unreadable);
  });

  it('refuses a file that would not fit into memory', async () => {
    const tar = await written([{ path: 'long', bytes: Buffer.alloc(1) }]);
    const grown = Buffer.from(tar);
    grown.write(`${(MOST_FILE_BYTES + 1).toString(8).padStart(11, '0')}\0`, 124, 'latin1');
    const sum = [...grown.subarray(0, 512)].reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 32 : byte), 0);
    grown.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    await expect(read(grown)).rejects.toThrow(unreadable);
  });

  it('reads what follows to the end', async () => {
    let ended = false;
    const source = async function* (): AsyncGenerator<Buffer> {
      yield* inParts([await written(FILES), Buffer.alloc(512)]);
      ended = true;
    };
    await allOf(filesOfTar(source()));
    expect(ended).toBe(true);
  });
});
