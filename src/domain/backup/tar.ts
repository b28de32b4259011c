import { archiveUnreadable } from './backup.errors';
import type { ArchiveFile } from './backup.types';

/** Source: POSIX.1-1988 `ustar`, as IEEE 1003.1 describes it under `pax`. */
const BLOCK = 512;
const MODE = 0o600;
const NAME_BYTES = 100;
const CHECKSUM_AT = 148;
const PLAIN_FILE = '0'.charCodeAt(0);
const EMPTY = Buffer.alloc(BLOCK);
const END = Buffer.alloc(2 * BLOCK);
/** A file of an archive is held in memory; none that is written here comes near. */
export const MOST_FILE_BYTES = 80 * 1024 * 1024;

const octal = (value: number, bytes: number): string => `${value.toString(8).padStart(bytes - 1, '0')}\0`;

/** Writes files into a tar as they come, holding one. */
export async function* tarOf(files: AsyncIterable<ArchiveFile>, madeAt: Date): AsyncGenerator<Buffer> {
  const seconds = Math.floor(madeAt.getTime() / 1_000);
  for await (const { path, bytes } of files) {
    yield header(path, bytes.length, seconds);
    yield bytes;
    const padding = (BLOCK - (bytes.length % BLOCK)) % BLOCK;
    if (padding > 0) yield Buffer.alloc(padding);
  }
  yield END;
}

function header(path: string, size: number, seconds: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(path, 0, NAME_BYTES, 'utf8');
  block.write(octal(MODE, 8), 100, 'latin1');
  block.write(octal(0, 8), 108, 'latin1');
  block.write(octal(0, 8), 116, 'latin1');
  block.write(octal(size, 12), 124, 'latin1');
  block.write(octal(seconds, 12), 136, 'latin1');
  block.write('0', 156, 'latin1');
  block.write('ustar\0' + '00', 257, 'latin1');
  block.write(`${checksum(block).toString(8).padStart(6, '0')}\0 `, CHECKSUM_AT, 'latin1');
  return block;
}

/** The sum of all bytes, with blanks where the sum itself lies. */
function checksum(block: Buffer): number {
  let sum = 8 * 0x20;
  for (let at = 0; at < BLOCK; at += 1) if (at < CHECKSUM_AT || at >= CHECKSUM_AT + 8) sum += block.readUInt8(at);
  return sum;
}

/**
 * Reads the files of a tar one by one, to its end.
 *
 * @throws {UserError} `archive_unreadable` for anything `tarOf` does not write
 */
export async function* filesOfTar(tar: AsyncIterable<Buffer>): AsyncGenerator<ArchiveFile> {
  const reader = readerOf(tar);
  try {
    for (let block = await reader.take(BLOCK); !block.equals(EMPTY); block = await reader.take(BLOCK)) {
      const { path, size } = readHeader(block);
      const bytes = await reader.take(size);
      await reader.take((BLOCK - (size % BLOCK)) % BLOCK);
      yield { path, bytes };
    }
    // To its end: only the last bytes show that the archive is whole.
    await reader.drain();
  } finally {
    await reader.close();
  }
}

function readHeader(block: Buffer): { readonly path: string; readonly size: number } {
  const text = (at: number, length: number): string => block.toString('utf8', at, at + length).replace(/\0.*$/s, '');
  const [sum, size, path] = [text(CHECKSUM_AT, 8).trim(), text(124, 12).trim(), text(0, NAME_BYTES)];
  const isOurs = Number.parseInt(sum, 8) === checksum(block) && block[156] === PLAIN_FILE && /^[0-7]{1,11}$/.test(size);
  if (!isOurs) throw archiveUnreadable('there is no tar of Assent in the archive');
  const bytes = Number.parseInt(size, 8);
  if (bytes > MOST_FILE_BYTES) throw archiveUnreadable('a file in the archive is longer than any that was made here');
  return { path, size: bytes };
}

/** Takes as many bytes as are asked for from a stream. */
function readerOf(source: AsyncIterable<Buffer>) {
  const iterator = source[Symbol.asyncIterator]();
  let held: Buffer[] = [];
  let length = 0;
  return {
    take: async (size: number): Promise<Buffer> => {
      while (length < size) {
        const next = await iterator.next();
        if (next.done === true) throw archiveUnreadable('the tar in the archive ends early');
        held.push(next.value);
        length += next.value.length;
      }
      const all = Buffer.concat(held);
      held = [all.subarray(size)];
      length -= size;
      return all.subarray(0, size);
    },
    drain: async (): Promise<void> => {
      while ((await iterator.next()).done !== true);
    },
    close: async (): Promise<void> => {
      await iterator.return?.();
    },
  };
}
