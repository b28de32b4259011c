import { z } from 'zod';
import { sha256 } from '../../kernel/crypto/merkle';
import type { KeyRing } from '../keyring.types';
import { isManifestSigned, readSignedCheckpoint } from '../ledger';
import { manifestText } from './manifest.rules';
import { chunkHashes, MOST_RECORD_BYTES } from './record-chunks.rules';
import { shownWordings } from './returning-record';
import type { RecordFiles } from './returning.types';

const NEWLINE = 0x0a;
const filesSchema = z.record(z.string(), z.string());
const recordSchema = z.object({ files: filesSchema });
const commonSchema = z.object({ common: filesSchema });
const endSchema = z.object({ manifest: z.string(), note: z.string() });
const manifestSchema = z.object({
  files: filesSchema,
  kind: z.literal('audit'),
  log: z.string(),
  about: z.object({ from: z.literal('1970-01-01T00:00:00.000Z'), page: z.null() }),
});

/** Cuts a stream into its lines, each with its newline; what is longer than any record ends it. */
async function* linesOf(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let length = 0;
  for await (const piece of pieces) {
    let from = 0;
    for (let at = piece.indexOf(NEWLINE); at >= 0; at = piece.indexOf(NEWLINE, from)) {
      yield Buffer.concat([...held, piece.subarray(from, at + 1)]);
      [held, length, from] = [[], 0, at + 1];
    }
    held.push(piece.subarray(from));
    length += piece.length - from;
    if (length > MOST_RECORD_BYTES) return;
  }
  if (length > 0) yield Buffer.concat(held);
}

function parsed<T>(schema: z.ZodType<T>, line: Buffer): T | null {
  try {
    return schema.safeParse(JSON.parse(line.toString('utf8'))).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

const decoded = (files: Readonly<Record<string, string>>): RecordFiles =>
  new Map(Object.entries(files).map(([path, base64]) => [path, Buffer.from(base64, 'base64')]));

/** The people of a stream of proofs, one after the other; null for a line that is none. */
export async function* recordsOf(pieces: AsyncIterable<Buffer>): AsyncGenerator<RecordFiles | null> {
  let before: Buffer | null = null;
  let lines = 0;
  for await (const line of linesOf(pieces)) {
    // Neither the first line nor the last is a person.
    if (before !== null && lines > 1) {
      const record = parsed(recordSchema, before);
      yield record === null ? null : decoded(record.files);
    }
    before = line;
    lines += 1;
  }
}

export interface CheckProofsDeps {
  readonly keyRing: KeyRing;
  readonly logOrigin: string;
}

/**
 * Reads the stream of proofs of an archive to its end: that it is, byte for byte, what this installation once signed as the proofs of
 * everybody of an account.
 *
 * @returns the wordings in it by their hash; null when it is something else
 */
export async function checkProofs(
  pieces: AsyncIterable<Buffer>,
  deps: CheckProofsDeps,
): Promise<ReadonlyMap<string, string> | null> {
  const hashes = new Map<string, string>();
  const { common, end } = await readEnds(pieces, hashes);
  if (common === null || end === null) return null;
  for (const [path, bytes] of common) hashes.set(path, sha256(bytes).toString('hex'));
  const note = common.get('checkpoints/after.note')?.toString('utf8') ?? '';
  if (readSignedCheckpoint(deps.keyRing, deps.logOrigin, note) === null) return null;
  return isWhatWasSigned(end, hashes, deps) ? shownWordings(common) : null;
}

/** The first line and the last; chunks of what lies between are hashed. */
async function readEnds(pieces: AsyncIterable<Buffer>, hashes: Map<string, string>) {
  const chunks = chunkHashes();
  let first: Buffer | null = null;
  let last: Buffer | null = null;
  for await (const line of linesOf(pieces)) {
    if (first === null) first = line;
    else {
      if (last !== null) chunks.add(last);
      last = line;
    }
  }
  for (const chunk of chunks.end()) hashes.set(chunk.path, chunk.sha256);
  const common = first === null ? null : parsed(commonSchema, first);
  const end = last === null ? null : parsed(endSchema, last);
  return { common: common === null ? null : decoded(common.common), end };
}

function isWhatWasSigned(
  end: z.infer<typeof endSchema>,
  hashes: ReadonlyMap<string, string>,
  { keyRing, logOrigin }: CheckProofsDeps,
): boolean {
  const bytes = Buffer.from(end.manifest, 'base64');
  const manifest = parsed(manifestSchema, bytes);
  if (manifest?.log !== logOrigin) return false;
  const named = Object.entries(manifest.files);
  const isSame = named.length === hashes.size && named.every(([path, hash]) => hashes.get(path) === hash);
  const note = Buffer.from(end.note, 'base64').toString('utf8');
  return isSame && isManifestSigned(keyRing, logOrigin, note, manifestText(logOrigin, bytes));
}
