export { checkpointFile } from './checkpoint-file';
export { openKeyRing, type KeyRingOptions } from './key-ring';
export { postgresRingRegistry } from './postgres-registry';
