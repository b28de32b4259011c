import { sendAll, settleWebhooks } from './broadcast';
import { seedLeads } from './seed-leads';
import { openStage } from './stage';
void (async () => {
  const stage = await openStage({ pages: 40, ratePerSecond: 300, callsPerSecond: 0 });
  try {
    for (const page of stage.pages) await seedLeads(stage, page, 250);
    await stage.db.run('analyze');
    const w = await stage.startWorker();
    for (let i = 0; i < 3; i++) {
      const t = performance.now();
      const r = await sendAll(stage, stage.pages, 100000);
      console.log(r.accepted / r.seconds);
      await settleWebhooks(stage);
      console.log('all', (r.accepted / (performance.now() - t)) * 1000);
    }
    await w.stop();
  } finally {
    await stage.stop();
  }
})();
