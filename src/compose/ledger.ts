import { makeAnnounceKeys, makeExpireTokens, type AppendDeps } from '../domain/consent';
import { logVkey, makeReadLog, makeSequence } from '../domain/ledger';
import type { Infrastructure } from './infrastructure';
import type { Surroundings } from './surroundings.types';

/** Wires the log: who lets it grow, who reads it, and what this process has to say in it. */
export async function composeLedger(
  { db, keyRing, log, checkpointCopy }: Infrastructure,
  { messenger }: Surroundings,
  append: AppendDeps,
) {
  const vkey = logVkey(keyRing, append.logOrigin);
  await makeAnnounceKeys({ ...append, db })({ vkey, appSecrets: messenger.appSecrets });
  return {
    sequence: makeSequence({ ...append, db, log, checkpointCopy }),
    readLog: makeReadLog({ ...append, db }),
    housekeeping: [{ name: 'expire-tokens', run: makeExpireTokens({ ...append, db }) }],
  };
}
