import type { Clock } from '../../kernel/clock';
import type { RulesAt } from '../broadcasts';
import type { KeyRing } from '../keyring.types';
import { RingStale } from '../leads';
import type { Database, Tx } from '../sql.types';
import type { SendPageRow } from './delivery.types';
import { claimTests } from './claim-tests';
import type { LogSends } from './log-sends';
import { openRecipient } from './open-recipient';
import { chunkSize } from './pace.rules';
import { replySkipReason } from './replies.rules';
import { pickReplies, putOffReplies, settleReplies } from './reply.store';
import type { OpenedReply } from './write-reply';

export interface ClaimRepliesDeps {
  readonly db: Database;
  readonly keyRing: KeyRing;
  readonly clock: Clock;
  readonly rulesAt: RulesAt;
  readonly logSends: LogSends;
}

export interface RepliesClaim {
  /** With those that were skipped or put off. */
  readonly picked: number;
  readonly opened: readonly OpenedReply[];
  /** Monotonic: before the commit. */
  readonly committingMs: number;
}

const IDLE_LIMIT_MS = 3_000;

/** Takes the next due replies of a Page and settles each: `sending`, or `skipped` with its reason. One short transaction. */
export function claimReplies(deps: ClaimRepliesDeps, page: SendPageRow): Promise<RepliesClaim> {
  const claim = (): Promise<RepliesClaim> =>
    deps.db.transaction((tx) => claimOnce(tx, deps, page), { idleTimeoutMs: IDLE_LIMIT_MS });
  return claim().catch(async (error: unknown) => {
    if (!(error instanceof RingStale)) throw error;
    await deps.keyRing.reload(page.uuid);
    return claim();
  });
}

async function claimOnce(tx: Tx, deps: ClaimRepliesDeps, page: SendPageRow): Promise<RepliesClaim> {
  const picked = await pickReplies(tx, page.id, chunkSize(page.ratePerSecond));
  const judged = picked.map((reply) => ({ reply, reason: replySkipReason(reply.kind, reply, reply.ageMs) }));
  const skipped = judged.flatMap(({ reply: { id }, reason }) => (reason === null ? [] : [{ id, reason }]));
  const due = judged.flatMap(({ reply, reason }) => (reason === null ? [reply] : []));
  const answers = due
    .filter(({ kind }) => kind !== 'test')
    .map((reply): OpenedReply => ({ reply, ...openRecipient(deps.keyRing, page.uuid, reply), tested: null }));
  const tests = await claimTests(
    tx,
    deps,
    page,
    due.filter(({ kind }) => kind === 'test'),
  );
  const opened = [...answers, ...tests.opened];
  const claimed = opened.map(({ reply: { id } }) => ({ id, reason: null }));
  await settleReplies(tx, [...skipped, ...tests.skipped, ...claimed]);
  await putOffReplies(tx, tests.notYet);
  return { picked: picked.length, opened, committingMs: deps.clock.monotonicMs() };
}
