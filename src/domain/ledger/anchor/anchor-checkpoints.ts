import type { Clock } from '../../../kernel/clock';
import { codeOf } from '../../../kernel/errors';
import type { Log } from '../../../kernel/log';
import type { Database } from '../../sql.types';
import { hasPending, readHead, type StoredCheckpoint } from '../ledger.store';
import { parseCheckpoint } from '../note.rules';
import { makeLogProofs } from '../proofs';
import { deleteUnanchored, readServices, recordAnchor, recordFault, type ServiceState } from './anchor.store';
import type { AnchorOutcome, AnchorService } from './anchor.types';

const FIRST_RETRY_MS = 10_000;
const LONGEST_RETRY_MS = 3_600_000;
const MOST_DOUBLINGS = 10;
const DAY_MS = 86_400_000;
/** A verifier forgives five minutes between our clock and theirs, and the log may stand still within them. */
const MOST_SKEW_MS = 2 * 60_000;
const STANDSTILL_MS = 60_000;

export interface AnchorDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly services: readonly AnchorService[];
}

/**
 * Has the newest checkpoint vouched for by every service whose turn it is, if the log has grown since its last time. Each by itself: a
 * slow one does not keep the others. A death after an answer and before it is kept costs one more question.
 *
 * @returns how many answered
 */
export const makeAnchorCheckpoints = (deps: AnchorDeps) => async (): Promise<number> => {
  const head = await readHead(deps.db);
  if (head === undefined || (await standsStill(deps, head))) return 0;
  const states = new Map((await readServices(deps.db)).map((state) => [state.name, state]));
  const answers = await Promise.all(
    deps.services.map(async (service) => {
      const state = states.get(service.name);
      return isDue(deps.clock.now(), head, state) ? anchorBy(deps, service, head, state) : false;
    }),
  );
  return answers.filter(Boolean).length;
};

/**
 * Entries wait and nobody signs them. Were the old end of the log stamped now, they would seem dated back: written before a moment
 * at which the log did not hold them.
 */
const standsStill = async ({ db, clock }: AnchorDeps, { signedAt }: StoredCheckpoint): Promise<boolean> =>
  clock.now().getTime() - signedAt.getTime() > STANDSTILL_MS && (await hasPending(db));

function isDue(now: Date, head: StoredCheckpoint, state: ServiceState | undefined): boolean {
  if (state === undefined) return true;
  return state.dueAt <= now && (state.lastSize ?? 0) < head.size;
}

async function anchorBy(
  { db, clock, log }: AnchorDeps,
  service: AnchorService,
  head: StoredCheckpoint,
  state: ServiceState | undefined,
): Promise<boolean> {
  const answer = await ask(db, service, head, state?.lastSize ?? 0);
  const nowMs = clock.now().getTime();
  const outcome = isOfNow(answer, nowMs) ? answer : ({ ok: false, fault: 'other_time' } as const);
  if (outcome.ok) {
    await recordAnchor(db, service, head.size, outcome, new Date(nowMs + service.everyMs));
    return true;
  }
  const failures = state?.failures ?? 0;
  const waitMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures, MOST_DOUBLINGS));
  await recordFault(db, service, outcome.fault, new Date(nowMs + waitMs));
  log.warn('anchor.failed', { kind: service.class, reason: outcome.fault, attempt: failures + 1 });
  return false;
}

/** Whoever states another time than ours spoils every proof that rests on it; one of the two clocks must be set. */
const isOfNow = (answer: AnchorOutcome, nowMs: number): boolean =>
  !answer.ok || Math.abs(answer.anchoredAt.getTime() - nowMs) <= MOST_SKEW_MS;

async function ask(
  db: Database,
  service: AnchorService,
  head: StoredCheckpoint,
  lastSize: number,
): Promise<AnchorOutcome> {
  const checkpoint = parseCheckpoint(head.note.slice(0, head.note.indexOf('\n\n') + 1));
  if (checkpoint === null) return { ok: false, fault: 'checkpoint_unreadable' };
  const proofs = makeLogProofs(db);
  return service
    .anchor({
      note: head.note,
      checkpoint,
      lastSize,
      consistencyFrom: (oldSize) => proofs.consistency(oldSize, head.size),
    })
    .catch((error: unknown) => ({ ok: false, fault: codeOf(error) }) as const);
}

/** Forgets checkpoints of which nobody will ask: older than a day, anchored by nobody, not the last of their hour. */
export const makeThinCheckpoints =
  ({ db, clock }: Pick<AnchorDeps, 'db' | 'clock'>) =>
  (): Promise<number> =>
    deleteUnanchored(db, new Date(clock.now().getTime() - DAY_MS));
