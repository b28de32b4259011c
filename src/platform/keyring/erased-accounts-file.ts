import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { ErasedAccounts } from '../../domain/keyring.types';

const NAME = 'accounts.erased';
const LINE = /^[0-9a-f]{64}$/;

/** One line for each deleted account, beside the key ring. A line that a crash cut is none. */
export function erasedAccountsFile(directory: string): ErasedAccounts {
  const file = path.join(directory, NAME);

  async function text(): Promise<string> {
    try {
      return await readFile(file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    }
  }

  const all = async (): Promise<Buffer[]> =>
    (await text()).split('\n').flatMap((line) => (LINE.test(line) ? [Buffer.from(line, 'hex')] : []));

  return {
    all,
    add: async (mac) => {
      if ((await all()).some((known) => known.equals(mac))) return;
      const isCut = /[^\n]$/.test(await text());
      const handle = await open(file, 'a', 0o600);
      try {
        await handle.appendFile(`${isCut ? '\n' : ''}${mac.toString('hex')}\n`);
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
  };
}
