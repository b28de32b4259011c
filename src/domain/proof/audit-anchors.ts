import { batchesOf } from '../../kernel/batches';
import type { KeyRing } from '../keyring.types';
import { anchorReader, type ReadAnchorTime } from '../ledger';
import type { Tx } from '../sql.types';
import { readAnchorRows, type AnchorAuditRow } from './audit-anchors.store';
import type { Fault } from './audit-chain.rules';
import { CLOCK_SKEW_MS } from '../../kernel/clock';
import type { Report } from './audit.types';

const BATCH_ANCHORS = 200;

export interface AuditAnchorsDeps {
  readonly keyRing: KeyRing;
  /** Keys of the witnesses that are asked now. */
  readonly witnessVkeys?: readonly string[];
}

/** Every anchor: that its token is over the checkpoint it lies by, and says of itself what its row says. */
export async function auditAnchors(
  tx: Tx,
  { keyRing, witnessVkeys = [] }: AuditAnchorsDeps,
  report: Report,
): Promise<void> {
  const readTime = anchorReader(keyRing.systemKey('self-timestamp'), witnessVkeys);
  for await (const rows of batchesOf<AnchorAuditRow>((last) => readAnchorRows(tx, last, BATCH_ANCHORS))) {
    for (const row of rows) {
      const fault = anchorFault(row, readTime);
      if (fault !== null) report(fault[0], Math.max(0, Number(row.size) - 1), null, fault[1]);
    }
  }
}

function anchorFault(row: AnchorAuditRow, readTime: ReadAnchorTime): Fault | null {
  const { size, note, signedAt, isKnown, anchoredAt } = row;
  if (note === null) return ['anchor_stray', `an anchor is of a checkpoint ${size} that is not stored`];
  if (!isKnown) return ['anchor_stray', `an anchor of checkpoint ${size} is by nobody that was ever asked`];
  const at = readTime(row, note);
  if (at === null || at.toISOString() !== anchoredAt)
    return ['anchor_changed', `an anchor of checkpoint ${size} is over something else, or is not what its row says`];
  return signedAt !== null && signedAt.getTime() > at.getTime() + CLOCK_SKEW_MS
    ? ['checkpoint_time', `checkpoint ${size} is younger than an anchor over it`]
    : null;
}
