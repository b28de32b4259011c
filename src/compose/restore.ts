import { stat } from 'node:fs/promises';
import path from 'node:path';
import { skipPendingOfLead } from '../domain/delivery';
import { makeSequence } from '../domain/ledger';
import { findInstallation, makeApplyRestore, makeExamineRestore, programRuns } from '../domain/restore';
import type { RowId } from '../domain/sql.types';
import { makeWithdrawLead } from '../domain/unsubscribe';
import { InvariantError } from '../kernel/errors';
import type { Infrastructure } from './infrastructure';
import { sealedCallsOf } from './recipients';

/**
 * Wires what applies erasures again to a database that was set back.
 *
 * @throws {UserError} `program_runs`
 */
export async function composeRestore(infrastructure: Infrastructure) {
  const { db, keyRing, keyRingCopy, ringRegistry, config } = infrastructure;
  await requireAlone(infrastructure);
  const installation = await findInstallation(db);
  if (installation === undefined)
    throw new InvariantError('installation_missing', 'this database is not the backup of an installation');
  const logged = { ...infrastructure, keyRing, logOrigin: installation.origin };
  // They were told when they left; what waits to be said is given up in a restore.
  const withdrawLead = makeWithdrawLead({ ...logged, skipPendingOfLead, queueReply: () => Promise.resolve() });
  const deps = {
    ...logged,
    rings: () => ringRegistry.all(),
    sealedCalls: sealedCallsOf(config),
    withdrawLead: (leadId: RowId) => withdrawLead(leadId, 'admin'),
    sequence: makeSequence(logged),
    lastSignedAt: await writtenAt(path.join(config.keyRingDir, 'checkpoint.note')),
  };
  const apply = makeApplyRestore(deps);
  return {
    examine: makeExamineRestore(deps),
    apply: async (input: Parameters<typeof apply>[0]) => {
      const result = await apply(input);
      await keyRingCopy?.update();
      return result;
    },
  };
}

async function requireAlone({ db }: Infrastructure): Promise<void> {
  const row = await db.first<{ found: boolean }>(
    `select exists (select from pg_stat_activity where datname = current_database()
       and application_name in ('assent-api', 'assent-worker', 'assent-all')) as found`,
  );
  if (row?.found === true) throw programRuns();
}

async function writtenAt(file: string): Promise<Date | null> {
  try {
    return (await stat(file)).mtime;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
