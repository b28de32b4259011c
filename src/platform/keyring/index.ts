export { checkpointFile } from './checkpoint-file';
export { openKeyRing, type KeyRingOptions } from './key-ring';
export { openRingCopy } from './ring-copy';
export { postgresRingRegistry } from './postgres-registry';
