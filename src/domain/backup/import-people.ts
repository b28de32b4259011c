import type { Clock } from '../../kernel/clock';
import type { Ids } from '../../kernel/ids';
import type { KeyRing } from '../keyring.types';
import { checkProofs, recordsOf } from '../proof';
import type { ReturnCounts, ReturnPeople } from '../returns';
import type { Database, RowId, Sql } from '../sql.types';
import { importNotFound } from './backup.errors';
import type { ArchiveFile } from './backup.types';
import { beginImport, findImport, recordImport, type ImportProgress, type PeopleCounts } from './import.store';

export interface ImportPeopleDeps {
  readonly db: Database;
  readonly keyRing: KeyRing;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logOrigin: string;
  readonly returnPeople: ReturnPeople;
}

export interface ImportedPeople extends PeopleCounts {
  /** By the archive's own word. */
  readonly inArchive: number;
}

export interface ImportPeopleInput {
  readonly accountId: RowId;
  /** By the archive's own word. */
  readonly inArchive: number;
  /** The files of the archive from the first. */
  readonly files: () => AsyncIterable<ArchiveFile>;
}

const NOBODY: ReturnCounts = { returned: 0, already: 0, refused: {} };

/** People come back by their proofs alone: what else an archive says of them anybody can have written. Tells how far it is as it goes. */
export async function importPeople(deps: ImportPeopleDeps, input: ImportPeopleInput): Promise<ImportedPeople> {
  const { accountId, inArchive } = input;
  const uuid = deps.ids.uuid();
  const tell = (state: ImportProgress['state'], counts: PeopleCounts | null) =>
    recordImport(deps.db, uuid, { state, counts, at: deps.clock.now() });
  await deps.db.transaction((tx) => beginImport(tx, { accountId, uuid, inArchive, at: deps.clock.now() }));
  try {
    const counts = withoutProof(inArchive, await returnedOf(deps, input, (so) => tell('running', so)));
    await tell('done', counts);
    return { inArchive, ...counts };
  } catch (error) {
    await tell('failed', null);
    throw error;
  }
}

async function returnedOf(
  deps: ImportPeopleDeps,
  { accountId, files }: ImportPeopleInput,
  onProgress: (counts: ReturnCounts) => Promise<unknown>,
): Promise<ReturnCounts> {
  await deps.keyRing.refreshSystemKeys();
  const wordings = await checkProofs(proofsOf(files()), deps);
  if (wordings === null) return NOBODY;
  return deps.returnPeople({ accountId, records: recordsOf(proofsOf(files())), wordings, onProgress });
}

function withoutProof(inArchive: number, counts: ReturnCounts): PeopleCounts {
  const refused = Object.values(counts.refused).reduce((sum, count) => sum + count, 0);
  const left = inArchive - counts.returned - counts.already - refused;
  return left > 0 ? { ...counts, refused: { ...counts.refused, no_proof: left } } : counts;
}

async function* proofsOf(files: AsyncIterable<ArchiveFile>): AsyncGenerator<Buffer> {
  for await (const { path, bytes } of files) if (path.startsWith('proofs/')) yield bytes;
}

/** How far the newest import of the account is. @throws {UserError} `import_not_found` */
export const makeGetImport =
  ({ db }: { readonly db: Sql }) =>
  async (accountId: RowId): Promise<ImportProgress> => {
    const found = await findImport(db, accountId);
    if (found === undefined) throw importNotFound();
    return found;
  };
