import { setTimeout as delay } from 'node:timers/promises';
import { openStage } from './stage';
import { bodiesFrom, newPeople, webhookClient } from './webhook-client';

/**
 * From the moment a webhook is posted until the opt-in it makes is inside a signed checkpoint, one person after the other at
 * moments of their own, through the real API and worker processes. @returns milliseconds
 */
export async function benchEventToCheckpoint(people: number): Promise<number[]> {
  const stage = await openStage({ pages: 1, ratePerSecond: 35, callsPerSecond: 0 });
  const client = webhookClient(stage.apiUrl);
  try {
    await stage.startWorker();
    const signed = async (): Promise<number> => {
      const row = await stage.db.first<{ n: number }>(
        `select count(*)::int as n from lead l join ledger_leaf f on f.entry_id = l.consent_entry
          where f.leaf_index < (select max(size) from ledger_checkpoint)`,
      );
      return row?.n ?? 0;
    };
    const waitsMs: number[] = [];
    for (const person of newPeople(people)) {
      await delay(Math.random() * 300);
      const known = await signed();
      const startMs = performance.now();
      await client.offer(bodiesFrom(stage, [person]), 1_000);
      while ((await signed()) === known) await delay(2);
      waitsMs.push(performance.now() - startMs);
    }
    return waitsMs;
  } finally {
    await client.close();
    await stage.stop();
  }
}
