import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../test/support/until';
import type { Program } from '../test/support/program';
import { INSERT_LEADS } from './audience';
import { launch } from './broadcast';
import { seedLeads } from './seed-leads';
import { openStage, type Stage } from './stage';

export interface FirstSend {
  readonly leads: number;
  /** From the launch to the first answer recorded. */
  readonly firstSendMs: number;
  /** Largest resident memory of the worker up to a few seconds of sending. */
  readonly workerMb: number;
}

const SENDING_MS = 5_000;
const CAN_BE_SENT_TO = 4_000;

/**
 * Launches through the API and looks when the first message leaves, once with few leads and once with many.
 *
 * The leads in front have real keys and are sent to; those that make up the number have none and are only frozen.
 */
export async function benchFirstSend(few: number, many: number): Promise<readonly [FirstSend, FirstSend]> {
  const stage = await openStage({ pages: 4, ratePerSecond: 300, callsPerSecond: 0 });
  try {
    for (const page of stage.pages) await seedLeads(stage, page, CAN_BE_SENT_TO / 4);
    await addUnsendable(stage, few - CAN_BE_SENT_TO);
    const first = await measure(stage);
    await addUnsendable(stage, many - few);
    return [first, await measure(stage)];
  } finally {
    await stage.stop();
  }
}

async function addUnsendable({ db, pages }: Stage, count: number): Promise<void> {
  await db.run(INSERT_LEADS, [pages[0]?.accountId, ...pages.map(({ id }) => id), count]);
  await db.run('analyze lead');
}

async function measure(stage: Stage): Promise<FirstSend> {
  const worker = await stage.startWorker();
  const id = await launch(stage, stage.pages);
  await until(
    'the first record',
    async () => {
      const row = await stage.db.first(
        `select 1 as sent from delivery where status = 'accepted' and broadcast_id = (select id from broadcast where public_id = $1) limit 1`,
        [id],
      );
      return row !== undefined;
    },
    120_000,
  );
  await delay(SENDING_MS);
  const workerMb = peakMb(worker);
  const row = await stage.db.first<Omit<FirstSend, 'workerMb'>>(
    `select (select count(*)::int from delivery where broadcast_id = b.id) as leads,
       (select extract(epoch from min(settled_at) filter (where status = 'accepted') - b.launched_at) * 1000 from delivery where broadcast_id = b.id)::float8
         as "firstSendMs"
      from broadcast b where public_id = $1`,
    [id],
  );
  if (row === undefined) throw new Error('the broadcast is gone');
  await stage.api.call('POST', `/v1/broadcasts/${id}/pause`);
  await worker.stop();
  return { ...row, workerMb };
}

/** Linux only; elsewhere not a number. */
function peakMb({ child }: Program): number {
  try {
    const status = readFileSync(`/proc/${String(child.pid)}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}
