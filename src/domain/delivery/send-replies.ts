import { createHash } from 'node:crypto';
import { InvariantError, OperationalError } from '../../kernel/errors';
import type { AppendDeps } from '../consent';
import { leadTransaction } from '../leads';
import { pageToken, withPageRing } from '../pages';
import { claimReplies, type ClaimRepliesDeps } from './claim-replies';
import { guardChunk, type ChunkGuard } from './chunk-guard';
import { readPageStand, type PageStand } from './chunk.store';
import type { SendPageRow, SendResult } from './delivery.types';
import { sealReplyMid } from './echo';
import { applyToLeads, type EffectDeps } from './effects';
import { holdReplyLane, releaseReplyLane } from './lane.store';
import { recordNoticeShown } from './notice-shown';
import { randomShare, stopsChunk, unsent, UNREACHABLE_WAIT_MS, verdictOf, type Verdict } from './outcome.rules';
import { waitForSlotMs } from './pace.rules';
import type { PacedDeps, Posted } from './paced-run';
import { patiently, recordPatience } from './patiently';
import { afterPosts, postChunk } from './post-chunk';
import { acceptReply, recordReply, rereadReplies, type PickedReply } from './reply.store';
import { writeReply, type OpenedReply, type WriteReplyDeps } from './write-reply';

export interface SendRepliesDeps extends AppendDeps, ClaimRepliesDeps, EffectDeps, PacedDeps, WriteReplyDeps {}

const SHORT_WAIT_MS = 200;
const LONGEST_WAIT_MS = 60_000;

const wait = (delayMs: number): SendResult => ({
  kind: 'wait',
  delayMs: Math.ceil(Math.min(delayMs, LONGEST_WAIT_MS)),
});

interface ClaimedReply extends Pick<PickedReply, 'id' | 'uuid' | 'failures' | 'leadId'> {
  /** Place in the chunk. */
  readonly seq: number;
  readonly attempt: number;
  readonly dek: Buffer;
}

interface WrittenReply extends ClaimedReply {
  readonly bodyText: string;
}

export interface SendRepliesInput {
  readonly pageId: string;
  /** The same for all jobs of a chain; jobs without one are one chain. */
  readonly nudge?: string | undefined;
}

/** Longer than a chunk of replies can live. */
const WORK_MS = 30_000;
/** A successor that has not come by then is taken for lost. */
const SUCCESSOR_MS = 2_000;

/**
 * Sends what people are waiting for, ahead of bulk and inside the Page's pace. One chain of jobs at a time works on a
 * Page; the others end at once. A reply that is tried again later is found by the sweeper.
 */
export function makeSendReplies(deps: SendRepliesDeps) {
  return async ({ pageId, nudge = '' }: SendRepliesInput, signal: AbortSignal): Promise<SendResult> => {
    const stand = await readPageStand(deps.db, pageId);
    if (stand === undefined || !stand.isPageActive) return { kind: 'idle' };
    const chain = chainOf(nudge);
    if (!(await holdReplyLane(deps.db, stand.page.id, chain, WORK_MS))) return { kind: 'idle' };
    try {
      const result = await sendChunkOfReplies(deps, stand, signal);
      if (result.kind === 'idle') return await endChain(deps, stand, chain);
      const waitMs = result.kind === 'wait' ? result.delayMs : 0;
      await holdReplyLane(deps.db, stand.page.id, chain, waitMs + SUCCESSOR_MS);
      return result;
    } catch (error) {
      await releaseReplyLane(deps.db, stand.page.id, chain);
      throw error;
    }
  };
}

const chainOf = (nudge: string): string => createHash('sha256').update(nudge).digest('hex').slice(0, 32);

/** What was queued while this chain still held the lane found it taken: it is looked for once more after the release. */
async function endChain({ db }: SendRepliesDeps, { page }: PageStand, chain: string): Promise<SendResult> {
  await releaseReplyLane(db, page.id, chain);
  const stand = await readPageStand(db, page.uuid);
  return stand?.isPageActive === true && stand.hasDueReplies ? { kind: 'continue' } : { kind: 'idle' };
}

async function sendChunkOfReplies(deps: SendRepliesDeps, stand: PageStand, signal: AbortSignal): Promise<SendResult> {
  if (!stand.hasDueReplies) return { kind: 'idle' };
  if (stand.throttledMs > 0) return wait(stand.throttledMs);
  const slotWaitMs = waitForSlotMs(stand.slotDelayMs);
  if (slotWaitMs !== null) return wait(slotWaitMs);
  const { page } = stand;
  const token = await withPageRing(deps.keyRing, page.uuid, () => pageToken(deps.keyRing, page));
  const beganMs = deps.clock.monotonicMs();
  const { picked, opened, committingMs } = await claimReplies(deps, page);
  if (picked === 0) return wait(SHORT_WAIT_MS);
  if (opened.length === 0) return { kind: 'continue' };
  const ids = opened.map(({ reply }) => reply.id);
  const reread = () => rereadReplies(deps.db, page.id, ids);
  const guard = guardChunk(deps.clock, { beganMs, freshMs: committingMs, reread, signal });
  const { written, unwritten } = await writeReplies(deps, page, opened);
  const posts = {
    page,
    items: written,
    bodyOf: (reply: WrittenReply) => reply.bodyText,
    token,
    capPerSecond: page.ratePerSecond,
    guard,
    isLast: stopsChunk,
  };
  const { posted, faults } = await postChunk(deps, posts);
  const unrecorded = await recordReplies(deps, [...unwritten, ...verdictsOf(deps, written, guard, posted)]);
  await applyToLeads(
    deps,
    posted.map(({ item, outcome }) => ({ leadId: item.leadId, outcome, leadFailed: false })),
  );
  const reported = [...faults, ...unrecorded];
  if (reported.length > 0) throw reported[0];
  return afterPosts(deps, posts, posted);
}

/** What is to be written of a claimed reply. */
interface ReplyVerdict {
  readonly reply: ClaimedReply;
  readonly verdict: Verdict;
  readonly post: Posted<WrittenReply> | null;
}

/** One reply that cannot be written must not cost the others their turn; one that could not be now comes again. */
async function writeReplies(
  deps: SendRepliesDeps,
  page: SendPageRow,
  opened: readonly OpenedReply[],
): Promise<{ readonly written: readonly WrittenReply[]; readonly unwritten: readonly ReplyVerdict[] }> {
  const written: WrittenReply[] = [];
  const unwritten: ReplyVerdict[] = [];
  for (const [seq, one] of opened.entries()) {
    const { id, uuid, failures, leadId, attempt } = one.reply;
    const reply = { seq, id, uuid, failures, leadId, attempt: attempt + 1, dek: one.dek };
    try {
      written.push({ ...reply, bodyText: await writeReply(deps, page, one) });
    } catch (error) {
      unwritten.push({ reply, verdict: unwrittenVerdict(deps, page, failures, error), post: null });
    }
  }
  return { written, unwritten };
}

function unwrittenVerdict({ log }: SendRepliesDeps, page: SendPageRow, failures: number, error: unknown): Verdict {
  if (error instanceof InvariantError) {
    log.error('reply.not_written', { page: page.uuid });
    return { ...unsent(failures), status: 'rejected', dueInMs: null };
  }
  log.warn('reply.delayed', { page: page.uuid, code: error instanceof OperationalError ? String(error.code) : null });
  return unsent(failures, UNREACHABLE_WAIT_MS);
}

function verdictsOf(
  { ids }: SendRepliesDeps,
  written: readonly WrittenReply[],
  guard: ChunkGuard,
  posted: readonly Posted<WrittenReply>[],
): ReplyVerdict[] {
  const posts = new Map(posted.map((post) => [post.item.seq, post]));
  return written.flatMap((reply): ReplyVerdict[] => {
    const { seq, failures } = reply;
    const post = posts.get(seq);
    if (post !== undefined) return [{ reply, verdict: verdictOf(post.outcome, failures, randomShare(ids)), post }];
    const reason = guard.gone.get(seq);
    if (reason === null) return []; // an echo or the sweeper has settled it
    const verdict: Verdict =
      reason === undefined ? unsent(failures) : { ...unsent(failures), status: 'skipped', reason };
    return [{ reply, verdict, post: null }];
  });
}

/** Each in its turn, so that one fault does not cost the others their record. @returns what could not be written */
async function recordReplies(deps: SendRepliesDeps, verdicts: readonly ReplyVerdict[]): Promise<unknown[]> {
  const patience = recordPatience(deps);
  const faults: unknown[] = [];
  for (const one of verdicts) {
    await patiently(patience, () => recordOne(deps, one)).catch((error: unknown) => faults.push(error));
  }
  return faults;
}

async function recordOne(deps: SendRepliesDeps, { reply, verdict, post }: ReplyVerdict): Promise<void> {
  const postStartedAt = post?.postStartedAt ?? null;
  if (post?.outcome.kind === 'accepted') await acceptByAnswer(deps, reply, post.outcome.messageId, postStartedAt);
  else await recordReply(deps.db, reply, verdict, postStartedAt);
}

async function acceptByAnswer(
  deps: SendRepliesDeps,
  { uuid, attempt, leadId, dek }: ClaimedReply,
  mid: string,
  postStartedAt: Date | null,
): Promise<void> {
  const midCt = sealReplyMid(dek, uuid, mid);
  await leadTransaction(deps, async (tx) => {
    await tx.run('select from lead where id = $1 for update', [leadId]);
    const accepted = await acceptReply(tx, { leadId, uuid, attempt }, { midCt, postStartedAt });
    if (accepted?.kind === 'welcome') await recordNoticeShown(tx, deps, leadId, accepted, mid);
  });
}
