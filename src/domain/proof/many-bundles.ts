import { broadcastNotFound, findOwnBroadcast } from '../broadcasts';
import { CLOCK_SKEW_MS } from '../../kernel/clock';
import { batchesOf } from '../../kernel/batches';
import { leadTransaction } from '../leads';
import { readHead } from '../ledger';
import { ownPage } from '../pages';
import type { Database, RowId, Tx } from '../sql.types';
import { leftOutText } from './bundle-texts.rules';
import { checkpointFiles, fixedFiles, headOf, proofsOf, sizesOver, withSizes, type OccupiedGaps } from './common-files';
import { beginExport, type ExportRecord } from './export-record';
import { bundleKeys } from './key-files';
import { inPieces, leavingTogether, LINE_PORTION, ZIP_PORTION, type PersonRecord, type Portion } from './leaving';
import {
  base64Of,
  byPath,
  hashed,
  manifestOf,
  type BundleAbout,
  type BundleClaim,
  type BundleKind,
} from './manifest.rules';
import { openPeople } from './open-people';
import { manifestFiles, wordingFiles, type BundleDeps } from './person-bundle';
import { personFiles } from './person-files.rules';
import {
  gapsOfBroadcast,
  gapsOfLeadsInRange,
  leavesBetween,
  readAuthorised,
  readLeadsInRange,
  readWordings,
  type AuthorisedRow,
  type LeafRange,
} from './person.store';
import { proofNotReady, rangeInvalid, rangeToCome } from './proof.errors';
import type { BundleFile, BundleHead, ProvedPerson } from './proof.types';
import { CHUNK_RECORDS, chunkHashes, chunkPath } from './record-chunks.rules';
import { zipOf } from './zip';

/** An entry is signed within a second of being written; a log that stood still longer than this is looked at whole. */
const SLACK_MS = 7 * 86_400_000;

/** Messages of one person in a range of time: with a hundred people open at once, this bounds the memory. */
const RANGE_MESSAGES = 100;

export type StreamForm = 'zip' | 'ndjson';

export interface BroadcastProofsInput {
  readonly accountId: RowId;
  readonly broadcastUuid: string;
  readonly form: StreamForm;
}

/**
 * The proofs of a broadcast, one record for each message that was authorised, as a stream.
 *
 * @throws {UserError} `broadcast_not_found`, `proof_not_ready`, before the first byte
 */
export const makeBroadcastProofs =
  (deps: BundleDeps) =>
  async ({ accountId, broadcastUuid, form }: BroadcastProofsInput): Promise<AsyncGenerator<Buffer>> => {
    const broadcast = await findOwnBroadcast(deps.db, accountId, broadcastUuid);
    if (broadcast === undefined) throw broadcastNotFound();
    const { id } = broadcast;
    return startStream(deps, form, {
      accountId,
      pageId: null,
      kind: 'broadcast',
      about: { broadcast: broadcast.uuid },
      rangeOf: (size) => Promise.resolve({ from: 0, to: size }),
      occupied: () => (leaves) => gapsOfBroadcast(deps.db, id, leaves),
      people: ({ size }) => recipientsOf(deps, id, size),
    });
  };

export interface RangeProofsInput {
  readonly accountId: RowId;
  /** Meta's id or ours. */
  readonly page: string | undefined;
  readonly from: Date;
  readonly to: Date;
  readonly form: StreamForm;
}

/**
 * The proofs of everybody of whom an entry was written, or to whom a message was authorised, in `[from, to)`: the whole chain of each
 * and the newest messages of that time, as a stream.
 *
 * @throws {UserError} `page_not_found`, `range_invalid`, `proof_not_ready`, before the first byte
 */
export const makeRangeProofs =
  (deps: BundleDeps) =>
  async ({ accountId, page, from, to, form }: RangeProofsInput): Promise<AsyncGenerator<Buffer>> => {
    if (from >= to) throw rangeInvalid();
    // What has not happened yet nobody can claim to have exported whole.
    if (to.getTime() > deps.clock.now().getTime() + CLOCK_SKEW_MS) throw rangeToCome();
    const only = page === undefined ? null : await ownPage(deps.db, accountId, page);
    const pageId = only?.id ?? null;
    return startStream(deps, form, {
      accountId,
      pageId,
      kind: 'audit',
      about: { from, to, metaPageId: only?.metaPageId ?? null },
      rangeOf: (size) => leavesBetween(deps.db, { from, to, slackMs: SLACK_MS }, size),
      occupied: (range) => (leaves) => gapsOfLeadsInRange(deps.db, { id: accountId, pageId }, range, leaves),
      people: (head, range) => peopleWithin(deps, { id: accountId, pageId }, head.size, range, { from, to }),
    });
  };

interface StreamOrder {
  readonly accountId: RowId;
  readonly pageId: RowId | null;
  readonly kind: BundleKind;
  readonly about: BundleAbout;
  readonly rangeOf: (size: number) => Promise<LeafRange>;
  readonly occupied: (range: LeafRange) => OccupiedGaps;
  /** People in batches, opened. */
  readonly people: (head: BundleHead, range: LeafRange) => AsyncGenerator<readonly ProvedPerson[]>;
}

async function startStream(deps: BundleDeps, form: StreamForm, order: StreamOrder): Promise<AsyncGenerator<Buffer>> {
  await deps.keyRing.refreshSystemKeys();
  const stored = await readHead(deps.db);
  if (stored === undefined) throw proofNotReady();
  const head = await headOf(deps.db, stored);
  const range = await order.rangeOf(head.size);
  const keys = await bundleKeys(deps.db, deps, head);
  const sizes = await sizesOver(deps.db, range.from, head.size, order.occupied(range));
  const common = [
    ...fixedFiles(deps, keys.vkey, leftOutText(order.kind), { isAboutOne: false }),
    ...keys.files,
    ...(await checkpointFiles(deps.db, head, withSizes(sizes, keys.sizes, head.size))),
    ...wordingFiles(await allWordings(deps.db, order)),
  ].sort(byPath);
  return recorded(deps, order, head, (record) => {
    const leftOut = { tooLarge: 0 };
    const people = recordsOf(deps.db, head, order.people(head, range));
    const { mostRecordBytes } = deps;
    const portionsOf = (portion: Portion) => leavingTogether(record, people, { portion, mostRecordBytes, leftOut });
    const whole = { kind: order.kind, head, common, claim: () => ({ about: order.about, ...leftOut }) };
    return form === 'zip'
      ? zipStream(deps, whole, portionsOf(ZIP_PORTION))
      : lineStream(deps, whole, portionsOf(LINE_PORTION));
  });
}

async function allWordings(db: Database, { accountId, pageId }: StreamOrder): Promise<ReadonlyMap<string, string>> {
  const rows = await readWordings(db, accountId, pageId);
  return new Map(rows.map(({ sha256, body }) => [sha256.toString('hex'), body]));
}

/** Writes the export down when somebody begins to read it, and how it ended: `broken` also when the caller hung up. */
async function* recorded(
  deps: BundleDeps,
  { accountId, kind }: StreamOrder,
  { size }: BundleHead,
  partsOf: (record: ExportRecord) => AsyncGenerator<Buffer>,
): AsyncGenerator<Buffer> {
  const record = await beginExport(deps, accountId, kind, size);
  let state: 'complete' | 'broken' = 'broken';
  try {
    for await (const part of inPieces(record, partsOf(record))) {
      record.sent(part);
      yield part;
    }
    state = 'complete';
  } finally {
    await record.end(state);
  }
}

async function* recordsOf(
  db: Database,
  head: BundleHead,
  batches: AsyncGenerator<readonly ProvedPerson[]>,
): AsyncGenerator<PersonRecord> {
  for await (const people of batches) {
    const proofOf = await proofsOf(db, people, head);
    for (const person of people) {
      const files = Buffer.from(JSON.stringify(base64Of(personFiles(person, head, proofOf))));
      yield { leadId: person.leadId, files };
    }
  }
}

type Hashes = ReturnType<typeof hashed>[];

interface WholeBundle {
  readonly kind: BundleKind;
  readonly head: BundleHead;
  readonly common: readonly BundleFile[];
  /** Known when the last record is. */
  readonly claim: () => BundleClaim;
}

async function* zipStream(
  deps: BundleDeps,
  { kind, head, common, claim }: WholeBundle,
  portions: AsyncGenerator<readonly Buffer[]>,
): AsyncGenerator<Buffer> {
  const hashes: Hashes = common.map(hashed);
  let chunks = 0;
  const inOrder = async function* (): AsyncGenerator<BundleFile> {
    yield* common.filter(({ path }) => path < 'chunks/');
    for await (const lines of portions) {
      if (lines.length === 0) continue;
      const chunk = { path: chunkPath((chunks += 1)), bytes: Buffer.concat(lines) };
      hashes.push(hashed(chunk));
      yield chunk;
    }
    const manifest = manifestFiles(deps, manifestOf(kind, deps.logOrigin, head, hashes, claim()));
    yield* [...common.filter(({ path }) => path > 'chunks/'), ...manifest].sort(byPath);
  };
  yield* zipOf(inOrder());
}

async function* lineStream(
  deps: BundleDeps,
  { kind, head, common, claim }: WholeBundle,
  portions: AsyncGenerator<readonly Buffer[]>,
): AsyncGenerator<Buffer> {
  const chunks = chunkHashes();
  yield Buffer.from(`${JSON.stringify({ common: base64Of(common) })}\n`);
  for await (const lines of portions) {
    lines.forEach(chunks.add);
    yield Buffer.concat(lines);
  }
  const hashes = [...common.map(hashed), ...chunks.end()];
  const [manifest, note] = manifestFiles(deps, manifestOf(kind, deps.logOrigin, head, hashes, claim()));
  const end = { manifest: manifest.bytes.toString('base64'), note: note.bytes.toString('base64') };
  yield Buffer.from(`${JSON.stringify(end)}\n`);
}

const openBatch = (
  deps: BundleDeps,
  size: number,
  leadIds: readonly RowId[],
  messages: Parameters<typeof openPeople>[4],
): Promise<ProvedPerson[]> => leadTransaction(deps, (tx: Tx) => openPeople(tx, deps, leadIds, size, messages));

async function* recipientsOf(
  deps: BundleDeps,
  broadcastId: RowId,
  size: number,
): AsyncGenerator<readonly ProvedPerson[]> {
  const batches = batchesOf<AuthorisedRow>((last) =>
    readAuthorised(deps.db, broadcastId, last?.seq ?? -1, CHUNK_RECORDS),
  );
  for await (const rows of batches) {
    const people = await openBatch(
      deps,
      size,
      rows.map(({ leadId }) => leadId),
      { broadcastId, most: 1 },
    );
    yield people.filter(({ messages }) => messages.length > 0);
  }
}

async function* peopleWithin(
  deps: BundleDeps,
  account: { readonly id: RowId; readonly pageId: RowId | null },
  size: number,
  range: LeafRange,
  { from, to }: { readonly from: Date; readonly to: Date },
): AsyncGenerator<readonly ProvedPerson[]> {
  const isWithin = ({ entries, messages }: ProvedPerson): boolean =>
    messages.length > 0 || entries.some(({ facts }) => new Date(facts.at) >= from && new Date(facts.at) < to);
  const batches = batchesOf<RowId>((last) => readLeadsInRange(deps.db, account, range, last ?? '0', CHUNK_RECORDS));
  for await (const ids of batches) {
    const people = await openBatch(deps, size, ids, { within: { from, to }, most: RANGE_MESSAGES });
    yield people.filter(isWithin);
  }
}
