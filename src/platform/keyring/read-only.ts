import { KeyRingMismatchError } from './keyring.errors';
import { readRingFiles, type RingFiles } from './ring-files';
import type { RingRegistry } from './ring-registry.types';

const refuse = (ring: string): Promise<never> =>
  Promise.reject(new KeyRingMismatchError(ring, 'the file is not the one that the database speaks of'));

/** Ring files that cannot be written. */
export const readOnlyFiles = (directory: string): RingFiles => ({
  ...readRingFiles(directory),
  prepare: refuse,
  promote: refuse,
  destroy: refuse,
  // What is asked of a ring that is in order: there is nothing to say against it.
  discardNext: () => Promise.resolve(),
});

/** A registry whose rows cannot be changed. */
export const readOnlyRegistry = (registry: RingRegistry): RingRegistry => ({
  ...registry,
  withRingLock: (ring, work) =>
    registry.withRingLock(ring, ({ current }) =>
      work({ current, record: () => refuse(ring), forget: () => refuse(ring) }),
    ),
});
