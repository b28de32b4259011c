import { access } from 'node:fs/promises';
import path from 'node:path';
import { orNull, writeWhole } from '../durable-files';

/** That something was done once, said where no database says it. */
export interface Mark {
  isSet(): Promise<boolean>;
  /** Durable when it resolves. */
  set(): Promise<void>;
}

export function markFile(directory: string, name: string): Mark {
  const file = path.join(directory, name);
  return {
    isSet: async () => (await orNull(access(file).then(() => true))) ?? false,
    set: () => writeWhole(file, Buffer.from('done\n')),
  };
}
