import type { KeyRing } from '../../domain/keyring.types';
import type { Clock } from '../../kernel/clock';
import { InvariantError } from '../../kernel/errors';
import type { Ids } from '../../kernel/ids';
import { leadKeyFiles } from './lead-key-files';
import { makePageKeys } from './page-keys';
import { readOnlyFiles, readOnlyRegistry } from './read-only';
import { openRingFiles, type FileCalls, type RingFiles } from './ring-files';
import type { RingRegistry } from './ring-registry.types';
import { makeRingStore } from './ring-store';
import { openSystemKeys, SYSTEM_RING } from './system-keys';

const SEAL_BYTES = 32;

export interface KeyRingOptions {
  /** Shared by every process of the installation; made when it is missing. */
  readonly dir: string;
  /** Master keys of 32 bytes: the first seals, all open. */
  readonly seals: readonly [Buffer, ...Buffer[]];
  readonly registry: RingRegistry;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly fileCalls?: FileCalls;
}

/**
 * Opens the key ring of the installation, and makes it on the first start. Page rings are loaded when they are needed.
 *
 * @throws {UserError} `master_key_wrong`
 * @throws {OperationalError} `key_ring_mismatch` when files and database do not belong together
 */
export async function openKeyRing(options: KeyRingOptions): Promise<KeyRing> {
  return keyRingOver(options, await openRingFiles(options.dir, options.fileCalls));
}

/**
 * Opens a key ring as it lies there: nothing is made, written or brought in order, neither among the files nor in the registry.
 *
 * @throws {UserError} `master_key_wrong`
 * @throws {OperationalError} `key_ring_mismatch` when files and database do not belong together
 */
export function readKeyRing(options: Omit<KeyRingOptions, 'fileCalls'>): Promise<KeyRing> {
  const { dir, registry } = options;
  return keyRingOver({ ...options, registry: readOnlyRegistry(registry) }, readOnlyFiles(dir));
}

async function keyRingOver(options: KeyRingOptions, files: RingFiles): Promise<KeyRing> {
  const { seals, registry, ids, clock } = options;
  if (seals.some((seal) => seal.length !== SEAL_BYTES))
    throw new InvariantError('master_key_length', 'the master key must have 32 bytes');
  const store = makeRingStore({ seals, files, registry, ids });
  const system = await openSystemKeys(store, clock, ids);
  const pages = makePageKeys(store, leadKeyFiles(options.dir), ids);

  return {
    ...pages.door,
    ...system.door,
    refreshSystemKeys: async () => {
      await system.refresh((await registry.read(SYSTEM_RING))?.generation ?? 0);
    },
    reseal: async () => {
      const rows = await registry.all();
      // A copy, for the former bytes are overwritten once the new ones are in force.
      for (const { ring } of rows) await store.replace(ring, (plain) => (plain === null ? null : Buffer.from(plain)));
      return rows.length;
    },
    verifyAgainstRegistry: async () => {
      const rows = await registry.all();
      const bad = rows.some((row) => row.ring === SYSTEM_RING) ? [] : [SYSTEM_RING];
      for (const row of rows) if (!(await store.check(row.ring, row))) bad.push(row.ring);
      // Read again: a check may have carried a row forward.
      const generations = new Map((await registry.all()).map((row) => [row.ring, row.generation]));
      // One that does not fit must not keep keys in memory that were destroyed in the others.
      const skipped = new Set(bad);
      if (!skipped.has(SYSTEM_RING)) await system.refresh(generations.get(SYSTEM_RING) ?? 0);
      await pages.refresh(generations, skipped);
      return bad.length === 0 ? { ok: true } : { ok: false, rings: bad };
    },
  };
}
