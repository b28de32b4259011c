import { met, percent, quantile, whole, type Topic } from './figures';
import { benchLedger } from './ledger';

/** The signed log: writing into it, waiting for it, and handing proofs out of it. */
export async function benchLedgerTopic(few: number, many: number): Promise<Topic> {
  const bench = await benchLedger(few, many);
  const [small, large] = bench.exports;
  const growth = small === undefined || large === undefined ? Number.NaN : large.peakMb / small.peakMb - 1;
  const slowest = quantile(bench.waitsMs, 0.99);
  return {
    title: 'Ledger',
    how: `One process with an embedded server. People with one opt-in each, encrypted and committed ${String(500)} to a statement by three writers while the sequencer signs; waiting times with the sequencer's own pause of 200 ms; exports of a range of time as ZIP, read to their end.`,
    rows: [
      [
        'entries encrypted, committed, sequenced and signed',
        `${whole(bench.entriesPerSecond)}/s`,
        met('>= 10,000/s', bench.entriesPerSecond >= 10_000),
      ],
      ['sequenced and signed, without writers', `${whole(bench.sequencedPerSecond)}/s`, ''],
      [
        'from the commit of an entry to its signed checkpoint, median and p99',
        `${whole(quantile(bench.waitsMs, 0.5))} ms, ${whole(slowest)} ms`,
        met('< 1 s', slowest < 1_000),
      ],
      ['bundles of one person, ZIP', `${whole(bench.bundlesPerSecond)}/s`, ''],
      [
        'verification of one record, start-up taken off',
        `${bench.verifyMs.toFixed(2)} ms`,
        met('< 10 ms', bench.verifyMs < 10),
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
