import { sendAll } from './broadcast';
import { met, percent, whole, type Topic } from './figures';
import { seedLeads } from './seed-leads';
import { openStage } from './stage';

export interface PacePlan {
  readonly pages: number;
  readonly ratePerSecond: number;
  readonly seconds: number;
  readonly shareGoal: number;
  /** Most that may arrive for one Page in any second. */
  readonly receiverGoal: number;
}

interface PageWindow {
  readonly sent: number;
  /** Most starts of one Page in any sliding second, by the sender's clock. */
  readonly worst: number;
}

/** How near the cap Pages that send at the same time come, and whether any goes over it. */
export async function benchPace(plan: PacePlan): Promise<Topic> {
  const stage = await openStage({ pages: plan.pages, ratePerSecond: plan.ratePerSecond, callsPerSecond: 0 });
  try {
    for (const page of stage.pages) await seedLeads(stage, page, plan.ratePerSecond * (plan.seconds + 4));
    await stage.db.run('analyze');
    await stage.startWorker();
    const { id } = await sendAll(stage, stage.pages, (plan.seconds * 10 + 60) * 1000);
    const windows = await stage.db.rows<PageWindow>(WINDOWS, [id, plan.seconds]);
    const { totals } = await stage.sandboxState();
    return topicOf(plan, windows, totals.mostCallsInAnySecond);
  } finally {
    await stage.stop();
  }
}

/** Counts from two seconds after the first message, when every Page has begun, and not to the ragged end. */
const WINDOWS = `
  with d as (
    select page_id, post_started_at as at, min(post_started_at) over () + interval '2 seconds' as began from delivery
     where broadcast_id = (select id from broadcast where public_id = $1)
  ), counted as (
    select page_id, at, began, count(*) over (partition by page_id order by at
      range between interval '999 milliseconds' preceding and current row) as in_second from d
  )
  select count(*) filter (where at >= began and at < began + make_interval(secs => $2::float8))::int as sent,
    max(in_second)::int as worst from counted group by page_id`;

function topicOf(plan: PacePlan, windows: readonly PageWindow[], mostAtReceiver: number): Topic {
  const { pages, ratePerSecond, seconds, shareGoal, receiverGoal } = plan;
  const sent = windows.map((window) => window.sent);
  const share = sent.reduce((sum, count) => sum + count, 0) / (pages * ratePerSecond * seconds);
  const fairness = Math.min(...sent) / Math.max(...sent);
  const worst = Math.max(...windows.map((window) => window.worst));
  return {
    title: `Pace: ${whole(pages)} Pages at ${whole(ratePerSecond)}/s`,
    how: `One broadcast over all Pages at once by one worker, ${whole(seconds)} s counted from two seconds after its first message. What the pacer itself gives away is ${percent(1 - (ratePerSecond - 1) / 1.05 / ratePerSecond)} of the cap.`,
    rows: [
      ['share of the cap reached', percent(share), met(`>= ${percent(shareGoal)}`, share >= shareGoal)],
      [
        'most starts in any sliding second at the sender, worst Page',
        whole(worst),
        met(`<= ${whole(ratePerSecond)}`, worst <= ratePerSecond),
      ],
      [
        'most arrivals in any sliding second at the sandbox, worst Page',
        whole(mostAtReceiver),
        met(`<= ${whole(receiverGoal)}`, mostAtReceiver <= receiverGoal),
      ],
      ['slowest Page against the fastest', percent(fairness), met('>= 95 %', fairness >= 0.95)],
    ],
  };
}
