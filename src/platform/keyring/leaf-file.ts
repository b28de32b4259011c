import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import type { LeafCopy } from '../../domain/ledger/leaf-copy.types';

const NAME = 'log.leaves';
const LEAF_BYTES = 32;

/** Keeps the inputs of all leaves in one file beside the key ring, each at its place: writing one again changes nothing. */
export function leafFile(directory: string): LeafCopy {
  const file = path.join(directory, NAME);

  async function bytes(): Promise<number> {
    try {
      return (await stat(file)).size;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
      throw error;
    }
  }

  return {
    count: async () => Math.floor((await bytes()) / LEAF_BYTES),
    read: async (from, to) => {
      const end = Math.min(to * LEAF_BYTES, await bytes());
      const inputs = Buffer.alloc(Math.max(0, end - from * LEAF_BYTES));
      if (inputs.length === 0) return inputs;
      const handle = await open(file, 'r');
      try {
        const { bytesRead } = await handle.read(inputs, 0, inputs.length, from * LEAF_BYTES);
        return inputs.subarray(0, bytesRead);
      } finally {
        await handle.close();
      }
    },
    write: async (from, inputs) => {
      // Made when it is missing, never shortened: another process may have written further.
      const handle = await open(file, 'a', 0o600).then(async (made) => {
        await made.close();
        return open(file, 'r+');
      });
      try {
        for (let at = 0; at < inputs.length;) {
          const { bytesWritten } = await handle.write(inputs, at, inputs.length - at, from * LEAF_BYTES + at);
          at += bytesWritten;
        }
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
  };
}
