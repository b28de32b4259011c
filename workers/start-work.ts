import type { QueueName } from '../config/env';
import type { Infrastructure } from '../src/compose/infrastructure';
import { endProcess } from '../src/compose/key-watch';
import { databaseSetBack } from '../src/domain/restore';
import type { UseCases } from '../src/compose/use-cases';
import { makeDrainInboxProcessor } from './processors/drain-inbox.processor';
import { makeFreezeAudienceProcessor } from './processors/freeze-audience.processor';
import { makeMakeBackupProcessor } from './processors/make-backup.processor';
import { makeSendChunkProcessor } from './processors/send-chunk.processor';
import { makeSendRepliesProcessor } from './processors/send-replies.processor';
import { startWorkers } from './start-workers';
import { startSequencer } from './sequencer';
import { startSweeper } from './sweeper';

const SWEEP_EVERY_MS = 2_000;
/** Who asks to be erased sees it happen. */
const ERASE_EVERY_MS = 500;
/** A certificate waits for them, for a while. */
const CALL_EVERY_MS = 1_000;
const HOUSEKEEPING_EVERY_MS = 10 * 60_000;

/** Everything a worker process does: the jobs of its queues, and the timers that find lost work. */
export function startWork(
  infrastructure: Infrastructure,
  useCases: UseCases,
  queues: readonly QueueName[],
): { stop(): Promise<void> } {
  const { clock, log, metrics, queue, db } = infrastructure;
  const { work, sweeps, erasing, anchoring, accounts, calling, housekeeping } = useCases;
  const workers = startWorkers({
    connection: infrastructure.queueConnection,
    queues,
    clock,
    log,
    observe: (job, seconds) => metrics.jobDuration(job, seconds),
    processors: {
      'drain-inbox': makeDrainInboxProcessor({
        drainInbox: work.drainInbox,
        count: (kind, count) => metrics.inboundEvents(kind, count),
      }),
      'freeze-audience': makeFreezeAudienceProcessor({ freezeAudience: work.freezeAudience }),
      'make-backup': makeMakeBackupProcessor({ makeBackup: work.makeBackup }),
      'send-chunk': makeSendChunkProcessor({ sendChunk: work.sendChunk, queue }),
      'send-replies': makeSendRepliesProcessor({ sendReplies: work.sendReplies, queue }),
    },
  });
  const timers = [
    startSweeper({ db, log, sweeps, everyMs: SWEEP_EVERY_MS, lock: 'sweep' }),
    startSweeper({ db, log, sweeps: erasing, everyMs: ERASE_EVERY_MS, lock: 'erasures' }),
    startSweeper({ db, log, sweeps: anchoring, everyMs: SWEEP_EVERY_MS, lock: 'anchors' }),
    startSweeper({ db, log, sweeps: accounts, everyMs: SWEEP_EVERY_MS, lock: 'accounts' }),
    startSweeper({ db, log, sweeps: calling, everyMs: CALL_EVERY_MS, lock: 'recipients' }),
    startSweeper({ db, log, sweeps: housekeeping, everyMs: HOUSEKEEPING_EVERY_MS, lock: 'housekeeping' }),
  ];
  const sequencer = startSequencer({
    sequence: useCases.sequence,
    log,
    onSetBack: () => {
      endProcess(databaseSetBack());
    },
    observe: ({ added, rejected, size }) => metrics.ledgerBatch(added, rejected, size),
  });
  return {
    stop: async () => {
      await Promise.all([workers.stop(), ...timers.map((timer) => timer.stop())]);
      // Last: a batch that is under way is ended. What was written after it waits for the next process.
      await sequencer.stop();
    },
  };
}
