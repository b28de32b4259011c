import { appendSystemEntry, type AppendDeps } from '../consent';
import { leadTransaction } from '../leads';
import { leafInputs } from '../ledger';
import { envelopeBudget, judgeChain, returningEntry, shownEntries, shownEvents, type RecordFiles } from '../proof';
import type { Database, RowId, Tx } from '../sql.types';
import { returnCandidates } from './return-candidates';
import type { Candidate, Outcome, Refusal, ReturnCounts } from './returns.types';

const BATCH_PEOPLE = 50;
/** Of the files of one batch; a larger record makes one of its own. */
const BATCH_BYTES = 16 * 1024 * 1024;

export interface ReturnPeopleDeps extends AppendDeps {
  readonly db: Database;
  /** Of one transaction. */
  readonly batchPeople?: number;
}

export interface ReturnPeopleInput {
  readonly accountId: RowId;
  /** People of a stream of proofs that this installation signed; null for a line that is none. */
  readonly records: AsyncIterable<RecordFiles | null>;
  readonly wordings: ReadonlyMap<string, string>;
  /** Hears the counts after each batch. */
  readonly onProgress: (counts: ReturnCounts) => Promise<unknown>;
}

export type ReturnPeople = (input: ReturnPeopleInput) => Promise<ReturnCounts>;

/**
 * Brings people of a deleted account back out of its archive: the single exception to "no webhook, no lead". Each rests on entries that
 * this log holds, that were closed with the account, and that end in consent. In batches, each a transaction with its entry in the
 * log; cut off, it goes on when it is run again, and then leaves alone who is back.
 */
export const makeReturnPeople =
  (deps: ReturnPeopleDeps): ReturnPeople =>
  async ({ accountId, records, wordings, onProgress }) => {
    const tally = newTally();
    const budget = envelopeBudget();
    for await (const batch of inBatches(records, deps.batchPeople ?? BATCH_PEOPLE)) {
      const judged = await judgeBatch(deps, batch, wordings, budget);
      const candidates = judged.filter((one): one is Candidate => typeof one !== 'string');
      tally.add(judged.filter((one): one is Refusal => typeof one === 'string'));
      if (candidates.length > 0)
        tally.add(await leadTransaction(deps, (tx) => bringBatch(tx, deps, { accountId, candidates, wordings })));
      await onProgress(tally.counts());
    }
    return tally.counts();
  };

async function* inBatches(
  records: AsyncIterable<RecordFiles | null>,
  people: number,
): AsyncGenerator<readonly (RecordFiles | null)[]> {
  let held: (RecordFiles | null)[] = [];
  let bytes = 0;
  for await (const record of records) {
    const size = [...(record?.values() ?? [])].reduce((sum, { length }) => sum + length, 0);
    if (held.length === people || (held.length > 0 && bytes + size > BATCH_BYTES)) {
      yield held;
      [held, bytes] = [[], 0];
    }
    held.push(record);
    bytes += size;
  }
  if (held.length > 0) yield held;
}

/** What the proofs say by themselves. That an entry is in the log is asked of the log, not of the bundle. */
async function judgeBatch(
  { db }: ReturnPeopleDeps,
  batch: readonly (RecordFiles | null)[],
  wordings: ReadonlyMap<string, string>,
  budget: ReturnType<typeof envelopeBudget>,
): Promise<(Candidate | Refusal)[]> {
  const shown = batch.map((files) => (files === null ? null : shownEntries(files)));
  const indexes = shown.flatMap((entries) => entries?.map(({ index }) => index) ?? []);
  const inputs = await leafInputs(db, indexes);
  return batch.map((files, at) => {
    const entries = (shown[at] ?? []).flatMap((entry) => {
      const isLogged = inputs.get(entry.index)?.equals(entry.commitment) === true;
      return isLogged ? (returningEntry(entry) ?? []) : [];
    });
    if (files === null || entries.length === 0 || entries.length !== shown[at]?.length) return 'proof_broken';
    const judged = judgeChain(entries);
    if (typeof judged === 'string') return judged;
    const events = shownEvents(entries, files, budget);
    const hasWordings = judged.wordings.every((hash) => wordings.has(hash));
    return events === null || !hasWordings ? 'proof_broken' : { ...judged, events };
  });
}

interface Batch {
  readonly accountId: RowId;
  readonly candidates: readonly Candidate[];
  readonly wordings: ReadonlyMap<string, string>;
}

async function bringBatch(tx: Tx, deps: ReturnPeopleDeps, batch: Batch): Promise<Outcome[]> {
  const { outcomes, leaves } = await returnCandidates(tx, deps, batch);
  // Of no account: it takes back what the entry of the deletion had accounted for.
  if (leaves > 0) await appendSystemEntry(tx, deps, null, { kind: 'restore', state: 'returned', leaves });
  return outcomes;
}

function newTally() {
  let [returned, already] = [0, 0];
  const refused = new Map<Refusal, number>();
  return {
    add: (outcomes: readonly Outcome[]): void => {
      for (const outcome of outcomes) {
        if (outcome === 'returned') returned += 1;
        else if (outcome === 'already') already += 1;
        else refused.set(outcome, (refused.get(outcome) ?? 0) + 1);
      }
    },
    counts: (): ReturnCounts => ({ returned, already, refused: Object.fromEntries(refused) }),
  };
}
