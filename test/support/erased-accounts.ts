import type { ErasedAccounts } from '../../src/domain/keyring.types';

/** What is known of deleted accounts, in memory. */
export function memoryErasedAccounts(): ErasedAccounts {
  const macs = new Map<string, Buffer>();
  return {
    add: (mac) => Promise.resolve(void macs.set(mac.toString('hex'), mac)),
    all: () => Promise.resolve([...macs.values()]),
  };
}
