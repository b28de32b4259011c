import {
  expireTombstones,
  leadErased,
  makeCarryOutErasures,
  makeEraseByAge,
  makeEraseByChat,
  makeGetErasure,
  makeIsErased,
  makeRequestErasure,
  makeShowErasure,
  makeOnUnheardStop,
  makeVacuumTables,
  openTombstones,
  certificateAddress,
} from '../domain/erasure';
import type { AppendDeps } from '../domain/consent';
import type { DayKeys } from '../domain/inbox';
import { makeSettleBuckets } from '../domain/leads';
import { queueErasureLink, skipPendingOfLead, skipRepliesOfLead } from '../domain/delivery';
import { makeApplyRetention, makePreviewRetention } from '../domain/retention';
import type { RowId } from '../domain/sql.types';
import { UserError } from '../kernel/errors';
import { composeFootprintCheck } from './footprint';
import type { Infrastructure } from './infrastructure';
import { sealedCallsOf } from './recipients';

interface LeadInput {
  readonly accountId: RowId;
  readonly leadUuid: string;
}

export interface ErasurePort {
  readonly publicUrl: string;
  readonly dropBackupFiles: () => Promise<unknown>;
}

/** Wires the erasure of leads. */
export function composeErasure(
  infrastructure: Infrastructure,
  append: AppendDeps,
  { publicUrl, dropBackupFiles }: ErasurePort,
) {
  const { db, keyRing, keyRingCopy, clock, log, config } = infrastructure;
  const checkFootprint = composeFootprintCheck(infrastructure);
  const carrying = {
    ...append,
    db,
    log,
    keyRingCopy,
    dropBackupFiles,
    checkFootprint,
    sealedCalls: sealedCallsOf(config),
  };
  const isErased = makeIsErased({ db, keyRing });
  const begin = { ...append, db, skipPendingOfLead, skipRepliesOfLead };
  return {
    inboxPort: {
      eraseByChat: makeEraseByChat({ ...begin, queueErasureLink }),
      onUnheardStop: makeOnUnheardStop({ keyRing }),
      openTombstones: (keys: DayKeys) => openTombstones({ db, clock }, keys),
    },
    previewRetention: makePreviewRetention({ db, clock }),
    erasures: {
      request: makeRequestErasure(begin),
      get: makeGetErasure({ db }),
      addressOf: (code: string) => certificateAddress(publicUrl, code),
    },
    erasurePage: { show: makeShowErasure({ db }) },
    sweeps: [{ name: 'carry-out-erasures', run: makeCarryOutErasures(carrying) }],
    housekeeping: [
      ...(keyRingCopy === null ? [] : [{ name: 'copy-key-ring', run: () => keyRingCopy.update() }]),
      { name: 'settle-buckets', run: makeSettleBuckets({ db, keyRing }) },
      { name: 'vacuum-tables', run: makeVacuumTables({ db }) },
      { name: 'expire-tombstones', run: () => expireTombstones(db, clock.now()) },
      { name: 'apply-retention', run: makeApplyRetention({ db, clock, log, eraseByAge: makeEraseByAge(begin) }) },
    ],
    /** A lead that is not found because it was erased is said to be gone. */
    orGone:
      <Input extends LeadInput, Output>(work: (input: Input) => Promise<Output>) =>
      async (input: Input): Promise<Output> => {
        try {
          return await work(input);
        } catch (error) {
          const isUnknown = error instanceof UserError && error.code === 'lead_not_found';
          if (isUnknown && (await isErased(input.accountId, input.leadUuid))) throw leadErased();
          throw error;
        }
      },
  };
}
