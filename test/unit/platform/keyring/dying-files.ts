import fs, { type FileHandle } from 'node:fs/promises';
import type { FileCalls } from '../../../../src/platform/keyring/ring-files';

export interface DyingFiles {
  readonly calls: FileCalls;
  /** Whether the process "died": the call it died at failed, and so did every later one. */
  dead(): boolean;
}

/** File calls of a process that is killed at its `diesAt`-th call. A write that it dies in leaves half of the bytes. */
export function dyingFiles(diesAt: number): DyingFiles {
  let made = 0;
  const step = <T>(work: () => Promise<T>, torn?: () => Promise<void>): Promise<T> => {
    made += 1;
    if (made < diesAt) return work();
    const last = made === diesAt && torn !== undefined ? torn() : Promise.resolve();
    return last.then(() => {
      throw new Error('killed');
    });
  };
  const handle = (real: FileHandle): FileHandle =>
    ({
      writeFile: (bytes: Buffer) =>
        step(
          () => real.writeFile(bytes),
          () => real.writeFile(bytes.subarray(0, bytes.length / 2)),
        ),
      sync: () => step(() => real.sync()),
      close: () => real.close(),
    }) as FileHandle;

  const calls = {
    chmod: fs.chmod,
    open: (name: string, flags: string, mode?: number) => step(async () => handle(await fs.open(name, flags, mode))),
    readFile: (name: string) => step(() => fs.readFile(name)),
    rename: (from: string, to: string) => step(() => fs.rename(from, to)),
    stat: (name: string, options?: { bigint: true }) => step<unknown>(() => fs.stat(name, options as { bigint: true })),
    unlink: (name: string) => step(() => fs.unlink(name)),
  } as unknown as FileCalls;
  return { calls, dead: () => made >= diesAt };
}
