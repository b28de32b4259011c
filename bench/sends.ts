import { bareRate, naiveRate } from './baselines';
import { sendAll, settleWebhooks } from './broadcast';
import { median, met, percent, runsOf, whole, type Topic } from './figures';
import { startRedis } from './redis';
import { seedLeads } from './seed-leads';
import { openStage } from './stage';

export interface SendsPlan {
  readonly pages: number;
  readonly leadsPerPage: number;
  readonly naiveLeads: number;
  readonly runs: number;
}

/** One worker process against what the same sandbox takes without bookkeeping, and against a naive sender. */
export async function benchSends(plan: SendsPlan): Promise<Topic> {
  const stage = await openStage({ pages: plan.pages, ratePerSecond: 300, callsPerSecond: 0 });
  const redis = await startRedis();
  try {
    for (const page of stage.pages) await seedLeads(stage, page, plan.leadsPerPage);
    await stage.db.run('analyze');
    const worker = await stage.startWorker();
    const total = plan.pages * plan.leadsPerPage;
    await sendAll(stage, stage.pages.slice(0, 4), 120_000); // connections and plans are made once
    await settleWebhooks(stage);
    const bare: number[] = [];
    const sends: number[] = [];
    const worked: number[] = [];
    const naive: number[] = [];
    for (let run = 0; run < plan.runs; run += 1) {
      stage.webhooksTo('nowhere');
      bare.push(await bareRate(stage, total));
      await settleWebhooks(stage);
      if (redis !== null) naive.push(await naiveRate(stage, redis, plan.naiveLeads));
      await settleWebhooks(stage);
      stage.webhooksTo('program');
      const startedMs = performance.now();
      const ran = await sendAll(stage, stage.pages, 300_000);
      sends.push(ran.accepted / ran.seconds);
      await settleWebhooks(stage);
      worked.push(ran.accepted / ((performance.now() - startedMs) / 1000));
    }
    await worker.stop();
    await stage.startWorker('send,control');
    const alone: number[] = [];
    for (let run = 0; run < plan.runs; run += 1) {
      const ran = await sendAll(stage, stage.pages, 300_000);
      alone.push(ran.accepted / ran.seconds);
    }
    return topicOf(plan, { bare, sends, alone, worked, naive });
  } finally {
    await redis?.stop();
    await stage.stop();
  }
}

function topicOf(plan: SendsPlan, rates: Record<'bare' | 'sends' | 'alone' | 'worked' | 'naive', number[]>): Topic {
  const { bare, sends, alone, worked, naive } = rates;
  const toBare = median(sends) / median(bare);
  const toNaive = median(sends) / median(naive);
  return {
    title: 'Sends end to end',
    how: `${whole(plan.pages)} Pages at 300/s, ${whole(plan.leadsPerPage)} leads each; API, one worker, PostgreSQL and the sandbox (echoes and receipts on, its own limits off) in their own processes; median of ${String(plan.runs)} (all runs), the three kinds in turn. "Bare" is the same POSTs through the same sender with nothing else, its webhooks thrown away. "Naive" is one BullMQ job on Redis, one axios POST and one inserted row for each of ${whole(plan.naiveLeads)} leads, 64 at once.`,
    rows: [
      ['claim, POST, ledger, record', runsOf(sends, 'messages/s'), met('>= 5,000/s', median(sends) >= 5_000)],
      ['the same, by a worker that leaves echoes and receipts in the inbox', runsOf(alone, 'messages/s'), ''],
      ['the same, with freeze before and every echo and receipt worked', runsOf(worked, 'messages/s'), ''],
      ['bare', runsOf(bare, 'POSTs/s'), ''],
      ['naive', naive.length === 0 ? 'not run: no redis-server' : runsOf(naive, 'messages/s'), ''],
      ['ratio to bare', percent(toBare), met('>= 50 %', toBare >= 0.5)],
      [
        'ratio to naive',
        naive.length === 0 ? 'not run' : `${toNaive.toFixed(1)} x`,
        naive.length === 0 ? '>= 5 x' : met('>= 5 x', toNaive >= 5),
      ],
    ],
  };
}
