import os from 'node:os';
import { benchAudienceTopic } from './audience-topic';
import { benchErasure } from './erasure';
import { load, machine, markdownOf, type Topic } from './figures';
import { benchLedgerTopic } from './ledger-topic';
import { benchPace } from './pace';
import { benchSends } from './sends';
import { benchWebhook } from './webhook';

const small = process.argv.includes('--small');
const wanted = process.argv.slice(2).filter((arg) => !arg.startsWith('--'));

const TOPICS: Readonly<Record<string, () => Promise<Topic>>> = {
  sends: () =>
    benchSends(
      small
        ? { pages: 8, leadsPerPage: 250, naiveLeads: 500, runs: 1 }
        : { pages: 40, leadsPerPage: 150, naiveLeads: 1_500, runs: 3 },
    ),
  webhook: () =>
    benchWebhook({
      bodies: small ? 800 : 2_000,
      offeredPerSecond: 1_000,
      offeredSeconds: small ? 1 : 5,
      runs: small ? 1 : 3,
    }),
  audience: () => benchAudienceTopic(small ? 50_000 : 1_000_000),
  ledger: () =>
    benchLedgerTopic(
      small
        ? { few: 2_000, many: 10_000, entries: 20_000, proved: 200, events: 10 }
        : { few: 10_000, many: 1_000_000, entries: 200_000, proved: 2_000, events: 100 },
    ),
  erasure: () => benchErasure(small ? 5_000 : 1_000_000),
  'pace-35': () =>
    benchPace({ pages: small ? 5 : 20, ratePerSecond: 35, seconds: small ? 4 : 20, shareGoal: 0.92, receiverGoal: 40 }),
  'pace-300': () =>
    benchPace({
      pages: small ? 1 : 4,
      ratePerSecond: 300,
      seconds: small ? 4 : 15,
      shareGoal: 0.94,
      receiverGoal: 300,
    }),
};

/** Every topic by itself, one after the other: `npm run bench -- sends pace`, all without a name, `--small` to try it. */
async function main(): Promise<void> {
  const unknown = wanted.filter((name) => !(name in TOPICS));
  if (unknown.length > 0)
    throw new Error(`no such topic: ${unknown.join(', ')}; there are ${Object.keys(TOPICS).join(', ')}`);
  console.log(`${machine()}\n`);
  for (const [name, bench] of Object.entries(TOPICS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const before = load();
    const topic = await bench();
    console.log(
      `${markdownOf(topic)}\nLoad average before ${before}, after ${load()} on ${String(os.cpus().length)} cores.\n`,
    );
  }
}

void main();
