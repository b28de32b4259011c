import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** So long a caller may take for what was written to them last. */
const STILL_MS = 60_000;
const PIECE_BYTES = 64 * 1024;

function* piecesOf(part: Buffer | string): Generator<Buffer> {
  const bytes = Buffer.from(part as string);
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}

/**
 * Writes parts as fast as the caller takes them, and asks for the next only then: what a source looks at before a part is as old as the
 * part. Ends the connection of a caller who stands still.
 */
export async function sendStream(
  res: Writable,
  parts: AsyncIterable<Buffer | string>,
  stillMs: number = STILL_MS,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const wait = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void res.destroy(), stillMs);
  };
  const pieces = async function* (): AsyncGenerator<Buffer> {
    for await (const part of parts) {
      for (const piece of piecesOf(part)) {
        wait();
        yield piece;
        clearTimeout(timer);
      }
    }
    wait();
  };
  try {
    await pipeline(pieces, res);
  } catch (error) {
    // The caller hung up, or was cut off: there is nobody left to answer.
    if ((error as { code?: unknown }).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  } finally {
    clearTimeout(timer);
  }
}
