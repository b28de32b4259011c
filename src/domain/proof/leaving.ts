import { OperationalError } from '../../kernel/errors';
import type { RowId } from '../sql.types';
import type { ExportRecord } from './export-record';
import { CHUNK_RECORDS, MOST_RECORD_BYTES } from './record-chunks.rules';

/** What is handed out between two questions whether the people in it are still there. */
const PIECE_BYTES = 64 * 1024;

/** How many records leave together. */
export interface Portion {
  readonly records: number;
  /** A longer record leaves alone. */
  readonly bytes: number;
}

/** Small, for records that follow one another: who is erased before theirs leaves is left out of it. */
export const LINE_PORTION: Portion = { records: CHUNK_RECORDS, bytes: PIECE_BYTES };
/** A ZIP says the sum of a chunk before its bytes, so nobody can be left out of one that has begun. */
export const ZIP_PORTION: Portion = { records: CHUNK_RECORDS, bytes: 1024 * 1024 };

/** A person's files, as JSON. */
export interface PersonRecord {
  readonly leadId: RowId;
  readonly files: Buffer;
}

export interface LeavingOptions {
  readonly portion: Portion;
  readonly mostRecordBytes?: number | undefined;
  /** Counts whose record would be longer than a verifier reads. */
  readonly leftOut: { tooLarge: number };
}

const HEAD = '{"record":';
const lineOf = (record: number, files: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${HEAD}${String(record)},"files":`), files, Buffer.from('}\n')]);

/**
 * Numbers records and hands them on in portions. Just before a portion leaves, who is in it is written down; whoever was erased since they
 * were opened is left out.
 */
export async function* leavingTogether(
  record: ExportRecord,
  people: AsyncIterable<PersonRecord>,
  { portion, mostRecordBytes = MOST_RECORD_BYTES, leftOut }: LeavingOptions,
): AsyncGenerator<readonly Buffer[]> {
  let records = 0;
  let held: PersonRecord[] = [];
  let bytes = 0;
  const leave = async (): Promise<Buffer[]> => {
    const there = await record.disclose(held.map(({ leadId }) => leadId));
    const lines = held.filter(({ leadId }) => there.has(leadId)).map(({ files }) => lineOf((records += 1), files));
    [held, bytes] = [[], 0];
    return lines;
  };
  for await (const person of people) {
    const length = lineOf(records + held.length + 1, person.files).length;
    if (length > mostRecordBytes) {
      leftOut.tooLarge += 1;
      continue;
    }
    if (held.length > 0 && bytes + length > portion.bytes) yield await leave();
    held.push(person);
    bytes += length;
    if (held.length === portion.records) yield await leave();
  }
  if (held.length > 0) yield await leave();
  await record.disclose([]);
}

/**
 * Cuts what leaves into pieces, and asks before each of them whether those in it are still there.
 *
 * @throws {OperationalError} `export_outdated` when somebody was erased of whom a part has left
 */
export async function* inPieces(record: ExportRecord, parts: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const part of parts) {
    for (let at = 0; at < part.length; at += PIECE_BYTES) {
      if (at > 0 && !(await record.areThere()))
        throw new OperationalError('export_outdated', 'somebody was erased whose proof was being handed out');
      yield part.subarray(at, at + PIECE_BYTES);
    }
  }
}
