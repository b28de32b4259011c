import { makeAnnounceKeys, makeExpireTokens, makeSettleLogKeys, type AppendDeps } from '../domain/consent';
import {
  logVkey,
  makeAnchorCheckpoints,
  makeReadAnchors,
  makeReadLog,
  makeSequence,
  makeThinCheckpoints,
} from '../domain/ledger';
import { composeAnchors } from './anchors';
import type { Infrastructure } from './infrastructure';
import type { Surroundings } from './surroundings.types';

/** Wires the log: who lets it grow, who reads it, and what this process has to say in it. */
export async function composeLedger(infrastructure: Infrastructure, { messenger }: Surroundings, append: AppendDeps) {
  const { db, keyRing, log, clock, checkpointCopy, leafCopy } = infrastructure;
  const services = composeAnchors(infrastructure);
  const vkey = logVkey(keyRing, append.logOrigin);
  await makeAnnounceKeys({ ...append, db })({ vkey, appSecrets: messenger.appSecrets });
  return {
    sequence: makeSequence({ ...append, db, log, checkpointCopy, leafCopy }),
    readLog: makeReadLog({ ...append, db }),
    readAnchors: makeReadAnchors({ db, clock, services }),
    anchoring: [{ name: 'anchor-checkpoints', run: makeAnchorCheckpoints({ db, clock, log, services }) }],
    housekeeping: [
      { name: 'expire-tokens', run: makeExpireTokens({ ...append, db }) },
      { name: 'settle-log-keys', run: makeSettleLogKeys({ ...append, db }) },
      { name: 'thin-checkpoints', run: makeThinCheckpoints({ db, clock }) },
    ],
  };
}
