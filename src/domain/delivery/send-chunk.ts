import { sealField } from '../../kernel/crypto/field-cipher';
import type { Ids } from '../../kernel/ids';
import { openDefinition, renderMessage, UNSUBSCRIBE_TITLE, type AccountKey } from '../broadcasts';
import { pageToken, withPageRing } from '../pages';
import { metadataOf, prepareBody, type PreparedBody } from './body.rules';
import { guardChunk, type ChunkGuard } from './chunk-guard';
import { readStand, rereadChunk, type ChunkStand } from './chunk.store';
import { makeClaimChunk, type ClaimDeps, type ClaimResult } from './claim-chunk';
import { nextDueMs } from './claim.store';
import type { ClaimedRow, RecordRow, SendResult } from './delivery.types';
import { applyToLeads, blockForContent, type EffectDeps } from './effects';
import { releaseLane, takeLane } from './lane.store';
import { MAX_REFUSED_IN_A_ROW, randomShare, refusedInARow, stopsChunk, unsent, verdictOf } from './outcome.rules';
import { chunkSize, waitForSlotMs } from './pace.rules';
import type { PacedDeps, Posted } from './paced-run';
import { patiently, recordPatience } from './patiently';
import { afterPosts, postChunk } from './post-chunk';
import { recordRows, writeRefusedInARow } from './record.store';
import type { SendOutcome } from './sender.types';

export interface SendChunkDeps extends ClaimDeps, EffectDeps, PacedDeps {
  readonly accountKey: AccountKey;
}

export interface SendChunkInput {
  readonly broadcastId: string;
  readonly pageId: string;
  readonly generation: number;
  readonly lane: 0 | 1;
}

/** Both lanes busy, replies first, or rows somebody else holds. */
const SHORT_WAIT_MS = 200;
/** A throttled Page is looked at again at least this often, should somebody lift the throttle. */
const LONGEST_WAIT_MS = 60_000;
const MEDIA_PER_SECOND = 10;

const wait = (delayMs: number): SendResult => ({
  kind: 'wait',
  delayMs: Math.ceil(Math.min(delayMs, LONGEST_WAIT_MS)),
});

type Claimed = Extract<ClaimResult, { readonly kind: 'claimed' }>;

/**
 * Sends one chunk of a broadcast on one Page: claim, paced POSTs, record.
 *
 * Returns at once, without rows, when the Page has to wait. `continue` asks for a successor; `idle` says that there is
 * nothing to do for this job's generation.
 */
export function makeSendChunk(deps: SendChunkDeps) {
  const claimChunk = makeClaimChunk(deps);
  return async (input: SendChunkInput, signal: AbortSignal): Promise<SendResult> => {
    const stand = await readStand(deps.db, input.broadcastId, input.pageId);
    if (stand === undefined || !isWorking(stand, input.generation)) return { kind: 'idle' };
    const early = waitFirst(stand);
    if (early !== null) return early;
    const holder = deps.ids.uuid();
    const lane = await takeLane(deps.db, stand.page.id, input.lane, holder);
    if (lane === null) return wait(SHORT_WAIT_MS);
    try {
      return await sendOne(deps, claimChunk, stand, signal);
    } finally {
      await releaseLane(deps.db, stand.page.id, lane, holder);
    }
  };
}

const isWorking = (stand: ChunkStand, generation: number): boolean =>
  stand.broadcastStatus === 'sending' && stand.isOpen && stand.isPageActive && stand.generation === generation;

function waitFirst(stand: ChunkStand): SendResult | null {
  if (stand.throttledMs > 0) return wait(stand.throttledMs);
  if (stand.hasDueReplies) return wait(SHORT_WAIT_MS);
  const slotWaitMs = waitForSlotMs(stand.slotDelayMs);
  return slotWaitMs === null ? null : wait(slotWaitMs);
}

async function sendOne(
  deps: SendChunkDeps,
  claimChunk: ReturnType<typeof makeClaimChunk>,
  stand: ChunkStand,
  signal: AbortSignal,
): Promise<SendResult> {
  const { broadcast, page, generation } = stand;
  const message = openDefinition(await deps.accountKey(broadcast.accountId), broadcast).message;
  const token = await withPageRing(deps.keyRing, page.uuid, () => pageToken(deps.keyRing, page));
  const bodyOf = prepareChunkBody(deps, message);
  const kind = message.attachment?.type;
  const cap = capOf(stand, kind === 'audio' || kind === 'video');
  const claim = await claimChunk({ generation, broadcast, page, limit: chunkSize(cap) });
  if (claim.kind === 'closed') return { kind: 'idle' };
  if (claim.kind === 'nothing') return afterNothing(deps, stand, claim.held);
  if (claim.rows.length === 0) return { kind: 'continue' };
  const seqs = claim.rows.map((row) => row.seq);
  const guard = guardChunk(deps.clock, {
    beganMs: claim.beganMs,
    freshMs: claim.committingMs,
    reread: () => rereadChunk(deps.db, broadcast.id, page.id, seqs),
    signal,
  });
  let refused = claim.refusedInARow;
  const posts = {
    page,
    items: claim.rows,
    bodyOf,
    token,
    capPerSecond: cap,
    guard,
    isLast: (outcome: SendOutcome) => {
      refused = refusedInARow(refused, outcome);
      return stopsChunk(outcome) || refused >= MAX_REFUSED_IN_A_ROW;
    },
  };
  const { posted, faults } = await postChunk(deps, posts);
  await recordChunk(deps, stand, claim, guard, posted);
  if (faults.length > 0) throw faults[0];
  return afterPosts(deps, posts, posted);
}

/** The broadcast's own limit slows its chunks; the Page's pace stays the upper bound. */
function capOf({ broadcast, page }: ChunkStand, isMedia: boolean): number {
  const own = Math.min(page.ratePerSecond, broadcast.ratePerSecond ?? page.ratePerSecond);
  return isMedia ? Math.min(own, MEDIA_PER_SECOND) : own;
}

async function afterNothing(deps: SendChunkDeps, stand: ChunkStand, held: number): Promise<SendResult> {
  if (held > 0) return wait(SHORT_WAIT_MS);
  const { broadcast, page, generation } = stand;
  const dueInMs = await nextDueMs(deps.db, { broadcastId: broadcast.id, pageId: page.id, generation });
  return dueInMs === null ? { kind: 'idle' } : wait(Math.max(SHORT_WAIT_MS, dueInMs));
}

function prepareChunkBody({ ids }: SendChunkDeps, message: Parameters<typeof renderMessage>[0]): PreparedBody {
  const marks = { psid: ids.uuid(), uuid: ids.uuid(), attempt: ids.uuid() };
  const rendered = renderMessage(message, {
    unsubscribePayload: `assent:v1:unsubscribe:${marks.uuid}`,
    unsubscribeTitle: UNSUBSCRIBE_TITLE,
    firstName: null,
  });
  const metadata = metadataOf('delivery', marks.uuid, marks.attempt);
  return prepareBody(
    { recipient: { id: marks.psid }, messaging_type: 'UPDATE', message: { ...rendered, metadata } },
    marks,
  );
}

async function recordChunk(
  deps: SendChunkDeps,
  stand: ChunkStand,
  claim: Claimed,
  guard: ChunkGuard,
  posted: readonly Posted<ClaimedRow>[],
): Promise<void> {
  const { broadcast, page } = stand;
  const rows = recordsOf(deps.ids, claim.rows, guard, posted);
  const refused = posted.reduce((count, { outcome }) => refusedInARow(count, outcome), claim.refusedInARow);
  const write = () =>
    deps.db.transaction(async (tx) => {
      const seqs = await recordRows(tx, broadcast.id, rows);
      if (refused !== claim.refusedInARow) await writeRefusedInARow(tx, broadcast.id, page.id, refused);
      return seqs;
    });
  const changed = new Set(await patiently(recordPatience(deps), write));
  if (refused >= MAX_REFUSED_IN_A_ROW) await blockForContent(deps, broadcast.id, page);
  const answers = posted
    .filter(({ item }) => changed.has(item.seq))
    .map(({ item: { leadId, leadFailed }, outcome }) => ({ leadId, leadFailed, outcome }));
  await applyToLeads(deps, answers);
}

function recordsOf(
  ids: Ids,
  claimed: readonly ClaimedRow[],
  guard: ChunkGuard,
  posted: readonly Posted<ClaimedRow>[],
): RecordRow[] {
  const answers = new Map(posted.map((post) => [post.item.seq, post]));
  const records: RecordRow[] = [];
  for (const row of claimed) {
    const { seq, attempt, failures } = row;
    const post = answers.get(seq);
    if (post !== undefined) {
      const { outcome, postStartedAt } = post;
      const midCt = outcome.kind === 'accepted' ? sealMid(row, outcome.messageId) : null;
      records.push({ seq, attempt, postStartedAt, midCt, ...verdictOf(outcome, failures, randomShare(ids)) });
    } else {
      const reason = guard.gone.get(seq);
      if (reason === null) continue; // an echo or the sweeper has settled it
      const verdict = reason === undefined ? unsent(failures) : { ...unsent(failures), ...skippedFor(reason) };
      records.push({ seq, attempt, postStartedAt: null, midCt: null, ...verdict });
    }
  }
  return records;
}

const skippedFor = (reason: string) => ({ status: 'skipped', reason, dueInMs: null }) as const;

const sealMid = ({ dek, uuid }: ClaimedRow, mid: string): Buffer =>
  sealField(dek, { table: 'delivery', column: 'mid_ct', row: uuid }, mid);
