export { checkpointFile } from './checkpoint-file';
export { endedFiles } from './ended-files';
export { erasedAccountsFile } from './erased-accounts-file';
export { readRingsAsTheyAre, registryOf } from './rings-as-they-are';
export { leafFile } from './leaf-file';
export { openKeyRing, type KeyRingOptions } from './key-ring';
export { openRingCopy } from './ring-copy';
export type { RingRegistry } from './ring-registry.types';
export { postgresRingRegistry } from './postgres-registry';
