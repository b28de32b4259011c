import type { ArchiveFile } from './backup.types';

/** Of one file in an archive: what is held in memory. A longer line makes a file of its own. */
export const PART_BYTES = 4 * 1024 * 1024;
/** Longer lines are left out and counted: a reader holds one file in memory. */
export const MOST_LINE_BYTES = 64 * 1024 * 1024;
const DIGITS = 6;

const nameOf = (folder: string, part: number, extension: string): string =>
  `${folder}/${String(part).padStart(DIGITS, '0')}.${extension}`;

/** Puts lines together to `<folder>/000001.jsonl` …, each as soon as it is full. */
export async function* linesInParts(
  folder: string,
  lines: AsyncIterable<Buffer> | Iterable<Buffer>,
  partBytes: number = PART_BYTES,
): AsyncGenerator<ArchiveFile> {
  let held: Buffer[] = [];
  let bytes = 0;
  let parts = 0;
  for await (const line of lines) {
    if (held.length > 0 && bytes + line.length > partBytes) {
      parts += 1;
      yield { path: nameOf(folder, parts, 'jsonl'), bytes: Buffer.concat(held) };
      [held, bytes] = [[], 0];
    }
    held.push(line);
    bytes += line.length;
  }
  if (held.length > 0) yield { path: nameOf(folder, parts + 1, 'jsonl'), bytes: Buffer.concat(held) };
}

/** Cuts a stream into `<folder>/000001.<extension>` …; written one after the other they are the stream. */
export async function* streamInParts(
  folder: string,
  extension: string,
  stream: AsyncIterable<Buffer>,
  partBytes: number = PART_BYTES,
): AsyncGenerator<ArchiveFile> {
  let held: Buffer[] = [];
  let bytes = 0;
  let parts = 0;
  for await (const piece of stream) {
    held.push(piece);
    bytes += piece.length;
    if (bytes < partBytes) continue;
    let all = Buffer.concat(held);
    for (; all.length >= partBytes; all = all.subarray(partBytes)) {
      parts += 1;
      yield { path: nameOf(folder, parts, extension), bytes: all.subarray(0, partBytes) };
    }
    [held, bytes] = [[all], all.length];
  }
  if (bytes > 0) yield { path: nameOf(folder, parts + 1, extension), bytes: Buffer.concat(held) };
}

/** One value as a line. */
export const lineOf = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value)}\n`);
