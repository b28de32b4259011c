export { createSandbox } from './sandbox';
export { startSandboxServer, type SandboxServer } from './server';
export type { PageKey, Sandbox, SandboxOptions, SandboxState } from './sandbox.types';
export { derivePages } from './identity';
