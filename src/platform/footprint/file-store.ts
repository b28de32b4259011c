import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { FootprintStore, Piece, SizedStore } from '../../domain/footprint/footprint.types';

const isGone = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** Every file below some paths as it lies on the disk, and the names of files. What vanishes while it is read is passed over. */
export const fileFootprint = (name: string, roots: readonly string[]): FootprintStore => ({
  name,
  read: (control) => readFiles(roots, control),
});

/** The same of one folder. What cannot be opened has no size; looking at it says the rest. */
export async function sizedFiles(name: string, folder: string): Promise<SizedStore> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries.filter((one) => one.isFile()))
    bytes += await stat(path.join(entry.parentPath, entry.name)).then(
      ({ size }) => size,
      () => 0,
    );
  return { ...fileFootprint(name, [folder]), bytes };
}

async function* readFiles(roots: readonly string[], control: Buffer): AsyncGenerator<Piece> {
  const held = await mkdtemp(path.join(tmpdir(), 'assent-footprint-'));
  try {
    await writeFile(path.join(held, randomUUID()), control, { mode: 0o600 });
    for (const root of [held, ...roots]) yield* readBelow(root);
  } finally {
    await rm(held, { recursive: true, force: true });
  }
}

async function* readBelow(root: string): AsyncGenerator<Piece> {
  const isFolder = (await stat(root)).isDirectory();
  const entries = isFolder ? await readdir(root, { recursive: true, withFileTypes: true }) : [];
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  for (const file of isFolder ? files : [root]) {
    // A name may hold a value too, and then the place must not say it.
    const place = path.basename(root) + (isFolder ? `/${path.relative(root, file).split(path.sep)[0] ?? ''}` : '');
    yield { place, bytes: Buffer.from(path.relative(root, file)), isNew: true };
    yield* readFile(file, place);
  }
}

async function* readFile(file: string, place: string): AsyncGenerator<Piece> {
  let isNew = true;
  try {
    for await (const bytes of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
      yield { place, bytes: bytes as Buffer, isNew };
      isNew = false;
    }
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}
