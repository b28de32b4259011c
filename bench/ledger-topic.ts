import { met, percent, quantile, whole, type Topic } from './figures';
import { benchEventToCheckpoint } from './event-to-checkpoint';
import { benchLedger, type LedgerSizes } from './ledger';
import { benchProofs } from './proofs';

export interface LedgerPlan extends LedgerSizes {
  /** People with a whole proof of one message. */
  readonly proved: number;
  /** Webhooks that are followed to their checkpoint. */
  readonly events: number;
}

/** The signed log: writing into it, waiting for it, and handing proofs out of it. */
export async function benchLedgerTopic({ proved, events, ...sizes }: LedgerPlan): Promise<Topic> {
  const waitsMs = await benchEventToCheckpoint(events);
  const proofs = await benchProofs(proved);
  const bench = await benchLedger(sizes);
  const [small, large] = bench.exports;
  const growth = small === undefined || large === undefined ? Number.NaN : large.peakMb / small.peakMb - 1;
  const slowest = quantile(waitsMs, 0.99);
  return {
    title: 'Ledger',
    how: `Writing: one process with an embedded server, ${whole(sizes.entries)} entries of people who are there behind ${whole(sizes.many)} others, or ${whole(sizes.few)} new people with one opt-in each, encrypted and committed 500 to a statement by three writers while the sequencer signs. Waiting: the real API and worker processes. Bundles and verification: ${whole(proved)} people by signed webhooks with one message each, in chunks of 50, under a witness; the verifier must say PROVED. Exports: of a range of time as ZIP, read to their end by a process of its own.`,
    rows: [
      [
        'entries encrypted, committed, sequenced and signed',
        `${whole(bench.entriesPerSecond)}/s`,
        met('>= 10,000/s', bench.entriesPerSecond >= 10_000),
      ],
      ['the same, each with the rows of a new person around it', `${whole(bench.peoplePerSecond)}/s`, ''],
      ['sequenced and signed, without writers', `${whole(bench.sequencedPerSecond)}/s`, ''],
      [
        'from the post of a webhook to the signed checkpoint that holds its opt-in, median and p99',
        `${whole(quantile(waitsMs, 0.5))} ms, ${whole(slowest)} ms`,
        met('< 1 s', slowest < 1_000),
      ],
      ['bundles of one person with one message, ZIP', `${whole(proofs.bundlesPerSecond)}/s`, ''],
      [
        'verification of one message of a broadcast, start-up taken off',
        `${proofs.verifyMs.toFixed(2)} ms`,
        met('< 10 ms', proofs.verifyMs < 10),
      ],
      ...bench.exports.map(
        ({ people, perSecond }) => [`export of ${whole(people)} people`, `${whole(perSecond)} people/s`, ''] as const,
      ),
      [
        `peak memory while exporting ${whole(small?.people ?? 0)} against ${whole(large?.people ?? 0)} people`,
        `${whole(small?.peakMb ?? 0)} MB, ${whole(large?.peakMb ?? 0)} MB`,
        met('constant', growth <= 0.1) + ` (${percent(growth)})`,
      ],
    ],
  };
}
