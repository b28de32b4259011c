import { sendAll } from './broadcast';
import { met, percent, whole, type Topic } from './figures';
import { seedLeads } from './seed-leads';
import { openStage, type Arrival } from './stage';

export interface PacePlan {
  readonly pages: number;
  readonly ratePerSecond: number;
  readonly seconds: number;
  readonly shareGoal: number;
  /** Most that may arrive for one Page in any second. */
  readonly receiverGoal: number;
}

/** How near the cap Pages that send at the same time come, and whether any goes over it. */
export async function benchPace(plan: PacePlan): Promise<Topic> {
  const stage = await openStage({ pages: plan.pages, ratePerSecond: plan.ratePerSecond, callsPerSecond: 0 });
  try {
    for (const page of stage.pages) await seedLeads(stage, page, plan.ratePerSecond * (plan.seconds + 4));
    await stage.db.run('analyze');
    await stage.startWorker();
    await sendAll(stage, stage.pages, (plan.seconds * 10 + 60) * 1000);
    const arrivals = await stage.arrivals();
    const { totals } = await stage.sandboxState();
    return topicOf(plan, countPages(arrivals, plan.seconds), totals.mostCallsInAnySecond);
  } finally {
    await stage.stop();
  }
}

const WARM_UP_MS = 2_000;

/**
 * Arrivals of each Page, from two seconds after the first of all, when every Page has begun. The sandbox notes them on a
 * clock that never jumps; `post_started_at` is no measure, because an echo that is faster than the record leaves the
 * claim's time there.
 */
function countPages(arrivals: readonly Arrival[], seconds: number): number[] {
  const beganMs = arrivals.reduce((first, { at_ms: atMs }) => Math.min(first, atMs), Infinity) + WARM_UP_MS;
  const counts = new Map<string, number>();
  for (const { page_id: pageId, at_ms: atMs } of arrivals) {
    const isCounted = atMs >= beganMs && atMs < beganMs + seconds * 1000;
    counts.set(pageId, (counts.get(pageId) ?? 0) + (isCounted ? 1 : 0));
  }
  return [...counts.values()];
}

function topicOf(plan: PacePlan, sent: readonly number[], mostAtReceiver: number): Topic {
  const { pages, ratePerSecond, seconds, shareGoal, receiverGoal } = plan;
  const share = sent.reduce((sum, count) => sum + count, 0) / (pages * ratePerSecond * seconds);
  const fairness = Math.min(...sent) / Math.max(...sent);
  return {
    title: `Pace: ${whole(pages)} Pages at ${whole(ratePerSecond)}/s`,
    how: `One broadcast over all Pages at once by one worker, ${whole(seconds)} s counted from two seconds after its first message. What the pacer itself gives away is ${percent(1 - (ratePerSecond - 1) / 1.05 / ratePerSecond)} of the cap.`,
    rows: [
      ['share of the cap reached', percent(share), met(`>= ${percent(shareGoal)}`, share >= shareGoal)],
      [
        'most arrivals in any sliding second at the sandbox, worst Page',
        whole(mostAtReceiver),
        met(`<= ${whole(receiverGoal)}`, mostAtReceiver <= receiverGoal),
      ],
      ['slowest Page against the fastest', percent(fairness), met('>= 95 %', fairness >= 0.95)],
    ],
  };
}
