import type { Infrastructure } from '../compose/infrastructure';
import { composeRestore } from '../compose/restore';
import type { RestorePlan, RestoreResult } from '../domain/restore';
import type { Command } from './commands';

type RestoreCommand = Extract<Command, { kind: 'restore' }>;

/**
 * Says what a restored database must not have again, and erases it again on demand.
 *
 * @throws {UserError} `program_runs`, `key_ring_older`, `key_ring_missing`, `people_unreadable`
 */
export async function restore(
  infrastructure: Infrastructure,
  { applies, acceptsLoss }: RestoreCommand,
  say: (text: string) => void,
): Promise<object> {
  const { examine, apply } = await composeRestore(infrastructure);
  const plan = await examine();
  if (!plan.isNeeded) say('This database was not set back: nothing is to be done.');
  else if (!applies) say('This database was set back. Nothing was changed: --apply does what is said here.');
  if (!plan.isNeeded || !applies) return present(plan);
  const result = await apply({ acceptsLoss });
  say('Done: what was erased since the backup is erased again, and broadcasts wait until somebody resumes them.');
  return { ...present(result), entries_lost: result.entriesLost };
}

const present = ({ isNeeded, entries, rings, ...plan }: RestorePlan | RestoreResult) => ({
  needed: isNeeded,
  entries,
  people_erased: plan.peopleErased,
  people_unreadable: plan.peopleUnreadable,
  people_unsubscribed: plan.peopleUnsubscribed,
  api_keys_revoked: plan.apiKeysRevoked,
  accounts_deleted: plan.accountsDeleted,
  broadcasts_held: plan.broadcastsHeld,
  key_rings: rings,
});
