import { findBroadcast, openDefinition, renderMessage, UNSUBSCRIBE_TITLE, type AccountKey } from '../broadcasts';
import { createHash } from 'node:crypto';
import { InvariantError } from '../../kernel/errors';
import type { AppendDeps } from '../consent';
import { leadTransaction, RingStale, webToken } from '../leads';
import { noticeOfVersion, pageToken, withPageRing, type Notice } from '../pages';
import type { Database } from '../sql.types';
import { metadataOf } from './body.rules';
import { CLAIM_LIFE_MS } from './chunk-guard';
import { readPageStand, type PageStand } from './chunk.store';
import type { SendPageRow, SendResult } from './delivery.types';
import { sealReplyMid } from './echo';
import { applyToLeads, stopCalls, type EffectDeps } from './effects';
import { holdReplyLane, releaseReplyLane } from './lane.store';
import { recordNoticeShown } from './notice-shown';
import { openRecipient } from './open-recipient';
import { randomShare, stopsChunk, unsent, UNREACHABLE_WAIT_MS, verdictOf } from './outcome.rules';
import { chunkSize, slotIntervalMs, waitForSlotMs } from './pace.rules';
import { reserveSlots } from './pace.store';
import { sendPaced, type PacedDeps, type Posted } from './paced-run';
import { renderReply, replySkipReason } from './replies.rules';
import { acceptReply, pickReplies, recordReply, settleReplies, type PickedReply } from './reply.store';

export interface SendRepliesDeps extends AppendDeps, EffectDeps, PacedDeps {
  readonly db: Database;
  readonly accountKey: AccountKey;
  /** Where people open the links in messages; no slash at the end. */
  readonly publicUrl: string;
}

const SHORT_WAIT_MS = 200;
const LONGEST_WAIT_MS = 60_000;
const IDLE_LIMIT_MS = 3_000;

const wait = (delayMs: number): SendResult => ({
  kind: 'wait',
  delayMs: Math.ceil(Math.min(delayMs, LONGEST_WAIT_MS)),
});

interface ClaimedReply extends Pick<PickedReply, 'id' | 'uuid' | 'failures' | 'leadId' | 'language' | 'noticeVersion'> {
  readonly attempt: number;
  readonly dek: Buffer;
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
  const beganMs = deps.clock.monotonicMs();
  const picked = await claimReplies(deps, stand.page);
  if (picked.length === 0) return wait(SHORT_WAIT_MS);
  const replies = picked.filter((reply) => reply !== null);
  if (replies.length === 0) return { kind: 'continue' };
  const posted = await postReplies(deps, stand.page, replies, { beganMs, signal });
  await recordReplies(deps, replies, posted);
  const isUnreachable = posted.some(({ outcome }) => outcome.kind === 'not-sent');
  return isUnreachable ? wait(UNREACHABLE_WAIT_MS) : { kind: 'continue' };
}

/** null stands for a reply that was skipped. */
async function claimReplies(deps: SendRepliesDeps, page: SendPageRow): Promise<(ClaimedReply | null)[]> {
  const claim = () =>
    deps.db.transaction(
      async (tx) => {
        const picked = await pickReplies(tx, page.id, chunkSize(page.ratePerSecond));
        const judged = picked.map((reply) => ({ reply, reason: replySkipReason(reply.kind, reply, reply.ageMs) }));
        const opened = judged.map(({ reply, reason }) =>
          reason === null ? { reply, ...openRecipient(deps.keyRing, page.uuid, reply) } : null,
        );
        await settleReplies(
          tx,
          judged.map(({ reply: { id }, reason }) => ({ id, reason })),
        );
        return opened;
      },
      { idleTimeoutMs: IDLE_LIMIT_MS },
    );
  const opened = await claim().catch(async (error: unknown) => {
    if (!(error instanceof RingStale)) throw error;
    await deps.keyRing.reload(page.uuid);
    return claim();
  });
  const claimed: (ClaimedReply | null)[] = [];
  for (const one of opened) claimed.push(one === null ? null : await prepareOrReject(deps, page, one));
  return claimed;
}

interface OpenedReply {
  readonly reply: PickedReply;
  readonly dek: Buffer;
  readonly psid: string;
}

/** One reply that cannot be written must not cost the others their turn. */
async function prepareOrReject(
  deps: SendRepliesDeps,
  page: SendPageRow,
  opened: OpenedReply,
): Promise<ClaimedReply | null> {
  try {
    return await prepare(deps, page, opened);
  } catch (error) {
    if (!(error instanceof InvariantError)) throw error;
    const { id, attempt, failures } = opened.reply;
    deps.log.error('reply.not_written', { page: page.uuid });
    await recordReply(deps.db, { id, attempt: attempt + 1 }, { ...unsent(failures), ...REJECTED }, null);
    return null;
  }
}

const REJECTED = { status: 'rejected', dueInMs: null } as const;

async function prepare(
  deps: SendRepliesDeps,
  page: SendPageRow,
  { reply, dek, psid }: OpenedReply,
): Promise<ClaimedReply> {
  const { id, uuid, failures, leadId, language, noticeVersion } = reply;
  const attempt = reply.attempt + 1;
  const content = await contentOf(deps, page, reply, dek);
  const message = { ...content, metadata: metadataOf('reply', uuid, attempt) };
  const bodyText = JSON.stringify({ recipient: { id: psid }, messaging_type: 'RESPONSE', message });
  return { id, uuid, failures, leadId, language, noticeVersion, attempt, dek, bodyText };
}

async function contentOf(deps: SendRepliesDeps, page: SendPageRow, reply: PickedReply, dek: Buffer): Promise<object> {
  const { kind, language } = reply;
  if (kind === 'test') return testContent(deps, reply.broadcastUuid);
  const notice =
    kind === 'welcome' ? await noticeOfVersion(deps.db, page.id, reply.noticeVersion ?? 0, language) : undefined;
  return renderReply({
    kind,
    language,
    optInMode: page.optInMode,
    noticeUrl: `${deps.publicUrl}/n/${webToken(dek)}`,
    notice: kind === 'welcome' ? bodyOf(notice) : '',
  });
}

function bodyOf(notice: Notice | undefined): string {
  if (notice === undefined) throw new InvariantError('notice_missing', 'a welcome without its notice');
  return notice.body;
}

async function testContent({ db, accountKey }: SendRepliesDeps, broadcastUuid: string | null): Promise<object> {
  const broadcast = broadcastUuid === null ? undefined : await findBroadcast(db, broadcastUuid);
  if (broadcast === undefined) throw new InvariantError('broadcast_missing', 'a test reply without its broadcast');
  const { message } = openDefinition(await accountKey(broadcast.accountId), broadcast);
  return renderMessage(message, {
    unsubscribePayload: 'assent:v1:unsubscribe',
    unsubscribeTitle: UNSUBSCRIBE_TITLE,
    firstName: null,
  });
}

async function postReplies(
  deps: SendRepliesDeps,
  page: SendPageRow,
  replies: readonly ClaimedReply[],
  { beganMs, signal }: { readonly beganMs: number; readonly signal: AbortSignal },
): Promise<Posted<ClaimedReply>[]> {
  const intervalMs = slotIntervalMs(page.ratePerSecond);
  const token = await withPageRing(deps.keyRing, page.uuid, () => pageToken(deps.keyRing, page));
  const stops: Promise<void>[] = [];
  let isStopped = false;
  const posted = await sendPaced<ClaimedReply>(deps, {
    items: replies,
    bodyOf: (reply) => reply.bodyText,
    metaPageId: page.metaPageId,
    token,
    intervalMs,
    reserve: (slots) => reserveSlots(deps.db, page.id, slots, intervalMs),
    guard: {
      deadlineMs: beganMs + CLAIM_LIFE_MS,
      stopped: () => isStopped || signal.aborted,
      dropped: () => false,
      mayStart: () => true,
    },
    onOutcome: (_reply, outcome) => {
      if (!stopsChunk(outcome)) return;
      isStopped = true;
      stops.push(stopCalls(deps, page, outcome));
    },
  });
  for (const stop of await Promise.allSettled(stops)) {
    if (stop.status === 'rejected') deps.log.warn('page.stop_failed');
  }
  return posted;
}

async function recordReplies(
  deps: SendRepliesDeps,
  replies: readonly ClaimedReply[],
  posted: readonly Posted<ClaimedReply>[],
): Promise<void> {
  const answers = new Map(posted.map((post) => [post.item.id, post]));
  for (const reply of replies) {
    const post = answers.get(reply.id);
    if (post?.outcome.kind === 'accepted')
      await acceptByAnswer(deps, reply, post.outcome.messageId, post.postStartedAt);
    else {
      const verdict =
        post === undefined ? unsent(reply.failures) : verdictOf(post.outcome, reply.failures, randomShare(deps.ids));
      await recordReply(deps.db, reply, verdict, post?.postStartedAt ?? null);
    }
  }
  await applyToLeads(
    deps,
    posted.map(({ item, outcome }) => ({ leadId: item.leadId, outcome, leadFailed: false })),
  );
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
