import { checkProofs, recordsOf } from '../proof';
import type { Refusal, ReturnCounts, ReturnPeople } from '../returns';
import type { KeyRing } from '../keyring.types';
import type { Database, RowId } from '../sql.types';
import type { ArchiveFile } from './backup.types';

export interface ImportPeopleDeps {
  readonly db: Database;
  readonly keyRing: KeyRing;
  readonly logOrigin: string;
  readonly returnPeople: ReturnPeople;
}

export interface ImportedPeople extends Omit<ReturnCounts, 'refused'> {
  readonly inArchive: number;
  /** `no_proof`: nothing in the archive proves anything of them. */
  readonly refused: Readonly<Partial<Record<Refusal | 'no_proof', number>>>;
}

export interface ImportPeopleInput {
  readonly accountId: RowId;
  /** By the archive's own word. */
  readonly inArchive: number;
  /** The files of the archive from the first. */
  readonly files: () => AsyncIterable<ArchiveFile>;
}

/** People come back by their proofs alone: what else an archive says of them anybody can have written. */
export async function importPeople(
  deps: ImportPeopleDeps,
  { accountId, inArchive, files }: ImportPeopleInput,
): Promise<ImportedPeople> {
  await deps.keyRing.refreshSystemKeys();
  const wordings = await checkProofs(proofsOf(files()), deps);
  if (wordings === null) return { inArchive, returned: 0, already: 0, refused: withoutProof(inArchive, {}) };
  const counts = await deps.returnPeople({
    accountId,
    records: recordsOf(proofsOf(files())),
    wordings,
    onProgress: () => Promise.resolve(),
  });
  const told = counts.returned + counts.already + sumOf(counts.refused);
  return { inArchive, ...counts, refused: withoutProof(inArchive - told, counts.refused) };
}

const sumOf = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

const withoutProof = (count: number, refused: ReturnCounts['refused']): ImportedPeople['refused'] =>
  count > 0 ? { ...refused, no_proof: count } : refused;

async function* proofsOf(files: AsyncIterable<ArchiveFile>): AsyncGenerator<Buffer> {
  for await (const { path, bytes } of files) if (path.startsWith('proofs/')) yield bytes;
}
