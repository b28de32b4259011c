import { mkdir, readdir, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { SealedCalls } from '../../domain/recipients/recipients.types';
import { orNull, overwrite, readOrNull, syncFolder, writeNext } from '../durable-files';
import { shredUnfinished } from '../unfinished-files';

const ENDING = '.call';

/** One file for each call, mode 0600, in a folder beside the key ring. */
export function callFiles(folder: string): SealedCalls {
  const fileOf = (id: string): string => path.join(folder, `${id}${ENDING}`);

  /** Of one call nobody writes two at once. */
  const shredNext = (id: string): Promise<number> =>
    shredUnfinished(folder, { isOver: (name) => name.startsWith(`${id}${ENDING}.`) });

  return {
    put: async (id, bytes) => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await shredNext(id);
      const next = await writeNext(fileOf(id), bytes);
      await overwrite(fileOf(id));
      await rename(next, fileOf(id));
      await syncFolder(folder);
    },
    read: (id) => readOrNull(fileOf(id)),
    drop: async (id) => {
      const gone = await shredNext(id);
      if (await overwrite(fileOf(id))) await orNull(unlink(fileOf(id)));
      else if (gone === 0) return;
      await syncFolder(folder);
    },
    dropUnfinished: () => shredUnfinished(folder),
    ids: async () =>
      ((await orNull(readdir(folder))) ?? []).flatMap((name) =>
        name.endsWith(ENDING) ? [name.slice(0, -ENDING.length)] : [],
      ),
  };
}
