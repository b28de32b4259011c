import { randomUUID } from 'node:crypto';
import { mkdir, open, unlink, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { Spool } from '../../domain/backup/backup.types';

const READ_BYTES = 64 * 1024;

/** Takes streams in as files without a name: when the process dies the system frees them. */
export function spoolIn(directory: string): Spool {
  return async (parts) => {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const name = path.join(directory, `${randomUUID()}.upload`);
    const handle = await open(name, 'wx+', 0o600);
    await unlink(name);
    try {
      for await (const part of parts) await handle.writeFile(part);
    } catch (error) {
      await handle.close();
      throw error;
    }
    return { read: () => readFrom(handle), close: () => handle.close() };
  };
}

/** No stream: one that is left half-way would close the file for the next. */
async function* readFrom(handle: FileHandle): AsyncGenerator<Buffer> {
  for (let position = 0; ;) {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
