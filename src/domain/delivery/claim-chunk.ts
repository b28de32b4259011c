import type { Clock } from '../../kernel/clock';
import { InvariantError, OperationalError } from '../../kernel/errors';
import type { Ids } from '../../kernel/ids';
import { windowEdges, type RulesAt } from '../broadcasts';
import type { KeyRing } from '../keyring.types';
import { RingStale } from '../leads';
import type { Database, RowId, Tx } from '../sql.types';
import { keepEarlierAttempts, openClaim, pickDue, settleRows, type PickedRow, type SettledRow } from './claim.store';
import type { ClaimedRow } from './delivery.types';
import type { LoggedRecipient, LogSends } from './log-sends';
import { openRecipient } from './open-recipient';

export interface ClaimDeps {
  readonly db: Database;
  readonly keyRing: KeyRing;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logSends: LogSends;
  readonly rulesAt: RulesAt;
}

export interface ClaimInput {
  readonly generation: number;
  readonly broadcast: { readonly id: RowId; readonly uuid: string; readonly contentSha256: Buffer };
  readonly page: { readonly id: RowId; readonly uuid: string; readonly accountId: RowId; readonly metaPageId: string };
  readonly limit: number;
}

export type ClaimResult =
  /** Not sending on this Page, or a later generation works on it. */
  | { readonly kind: 'closed' }
  /** Nothing due; rows somebody else holds, or whose consent is not signed yet, do not count. */
  | { readonly kind: 'nothing'; readonly held: number }
  | {
      readonly kind: 'claimed';
      /** Empty when every row was skipped. */
      readonly rows: readonly ClaimedRow[];
      readonly refusedInARow: number;
      /** Monotonic: before the transaction began. */
      readonly beganMs: number;
      /** Monotonic: before the commit. No unsubscribe of these leads came earlier than the commit. */
      readonly committingMs: number;
    };

/** Picks that may follow one another in one transaction when the rows in front cannot be sent. */
const MAX_PICKS = 8;
const IDLE_LIMIT_MS = 3_000;

/** A row was settled by somebody else between the pick and the update; the claim is repeated later. */
class ClaimRaceLost extends OperationalError<'claim_race_lost'> {
  constructor() {
    super('claim_race_lost', 'a picked row was settled by another transaction');
  }
}

/**
 * Takes the next due rows of a broadcast on one Page and settles every one it could lock: `sending`, together with the
 * ledger entry that authorises it, or `skipped` with its reason. One short transaction.
 */
export function makeClaimChunk(deps: ClaimDeps) {
  return async (input: ClaimInput): Promise<ClaimResult> => {
    const beganMs = deps.clock.monotonicMs();
    try {
      return await claimOnce(deps, input, beganMs);
    } catch (error) {
      if (error instanceof ClaimRaceLost) return { kind: 'nothing', held: 1 };
      if (!(error instanceof RingStale)) throw error;
      await deps.keyRing.reload(input.page.uuid);
      return claimOnce(deps, input, beganMs);
    }
  };
}

function claimOnce(deps: ClaimDeps, input: ClaimInput, beganMs: number): Promise<ClaimResult> {
  return deps.db.transaction(
    async (tx): Promise<ClaimResult> => {
      const target = { broadcastId: input.broadcast.id, pageId: input.page.id, generation: input.generation };
      const opening = await openClaim(tx, target);
      if (opening === undefined) return { kind: 'closed' };
      const { at } = opening;
      const rules = deps.rulesAt(at);
      const edges = windowEdges(rules, at);
      const picked = await pickRows(input.limit, (afterSeq, limit) =>
        pickDue(tx, target, { afterSeq, limit }, at, edges),
      );
      const chunk = decide(deps, input, picked.rows);
      if (chunk.settled.length === 0) return { kind: 'nothing', held: picked.held };
      const again = chunk.claimed.flatMap(({ seq, attempt }) => (attempt > 1 ? [seq] : []));
      if (again.length > 0) await keepEarlierAttempts(tx, input.broadcast.id, again);
      const entryId = chunk.recipients.length === 0 ? null : (await logChunk(deps, tx, input, at, chunk)).entryId;
      const settled = await settleRows(
        tx,
        input.broadcast.id,
        { at, entryId, ruleVersion: rules.ruleVersion },
        chunk.settled,
      );
      if (settled !== chunk.settled.length) throw new ClaimRaceLost();
      return {
        kind: 'claimed',
        rows: chunk.claimed,
        refusedInARow: opening.refusedInARow,
        beganMs,
        committingMs: deps.clock.monotonicMs(),
      };
    },
    { idleTimeoutMs: IDLE_LIMIT_MS },
  );
}

const logChunk = (deps: ClaimDeps, tx: Tx, { page, broadcast }: ClaimInput, at: Date, { recipients }: Chunk) =>
  deps.logSends(tx, { page, broadcast, isTest: false, at, recipients });

/** Goes on behind rows that cannot be sent or are held by others, so that they never stop those after them. */
async function pickRows(
  wanted: number,
  pick: (afterSeq: number, limit: number) => Promise<PickedRow[]>,
): Promise<{ readonly rows: PickedRow[]; readonly held: number }> {
  const rows: PickedRow[] = [];
  let held = 0;
  let eligible = 0;
  let afterSeq = -1;
  for (let picks = 0; picks < MAX_PICKS && eligible < wanted; picks += 1) {
    const limit = wanted - eligible;
    const found = await pick(afterSeq, limit);
    for (const row of found) {
      afterSeq = row.seq;
      if (isNotDue(row)) held += 1;
      else rows.push(row);
      if (row.lead !== null && row.lead.reason === null && !isNotDue(row)) eligible += 1;
    }
    if (found.length < limit) break;
  }
  return { rows, held };
}

/** Somebody else holds the lead; or its consent is not inside a signed checkpoint yet, which takes less than a second. */
const isNotDue = ({ lead, isOrphan }: PickedRow): boolean =>
  lead === null ? !isOrphan : lead.reason === null && lead.consentIndex === null;

interface Chunk {
  readonly settled: SettledRow[];
  readonly recipients: LoggedRecipient[];
  readonly claimed: ClaimedRow[];
}

function decide({ keyRing, ids }: ClaimDeps, { page }: ClaimInput, rows: readonly PickedRow[]): Chunk {
  const chunk: Chunk = { settled: [], recipients: [], claimed: [] };
  for (const row of rows) {
    const { seq, lead } = row;
    if (lead === null || lead.reason !== null) {
      chunk.settled.push({ ...SKIPPED, seq, reason: lead === null ? 'erased' : lead.reason });
      continue;
    }
    const { consentCommitment, consentIndex, path } = lead;
    if (consentCommitment === null || consentIndex === null || path === null) {
      throw new InvariantError('consent_incomplete', 'an eligible lead has no commitment, no leaf or no path');
    }
    const uuid = row.uuid ?? ids.uuid();
    const attempt = row.attempt + 1;
    const { dek, psid } = openRecipient(keyRing, page.uuid, lead);
    chunk.settled.push({
      seq,
      reason: null,
      uuid,
      position: chunk.recipients.length,
      path,
      basis: lead.basis,
      consentEntry: lead.consentEntry,
      noticeVersion: lead.noticeVersion,
      subjectN: lead.chainN,
    });
    chunk.recipients.push({
      deliveryUuid: uuid,
      attempt,
      psid,
      dek,
      path,
      consentC: consentCommitment,
      consentIndex: Number(consentIndex),
      subjectRef: lead.subjectRef,
      n: lead.chainN,
    });
    chunk.claimed.push({
      seq,
      attempt,
      uuid,
      leadId: lead.id,
      psid,
      dek,
      failures: row.failures,
      leadFailed: lead.failedInARow > 0,
    });
  }
  return chunk;
}

const SKIPPED = {
  uuid: null,
  position: null,
  path: null,
  basis: null,
  consentEntry: null,
  noticeVersion: null,
  subjectN: null,
} as const;
