import type { AppendDeps } from '../domain/consent';
import {
  makeBroadcastProofs,
  makeExpireExports,
  makeLeadBundle,
  makeListExports,
  makeMessageBundle,
  makeRangeProofs,
} from '../domain/proof';
import type { Infrastructure } from './infrastructure';
import { bundledTools } from './tools';

/** Wires what is exported of the ledger. */
export function composeProofs({ db, config }: Infrastructure, append: AppendDeps) {
  const deps = {
    ...append,
    db,
    ...bundledTools(),
    witnessVkeys: config.anchors.witnesses.map(({ vkey }) => vkey),
  };
  return {
    proofs: {
      ofLead: makeLeadBundle(deps),
      ofMessage: makeMessageBundle(deps),
      ofBroadcast: makeBroadcastProofs(deps),
      ofRange: makeRangeProofs(deps),
      exports: makeListExports(deps),
    },
    housekeeping: [{ name: 'expire-exports', run: makeExpireExports(deps) }],
  };
}
