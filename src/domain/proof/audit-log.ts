import { batchesOf } from '../../kernel/batches';
import type { Clock } from '../../kernel/clock';
import { openField } from '../../kernel/crypto/field-cipher';
import { HASH_BYTES, splitHashes } from '../../kernel/crypto/merkle';
import { isSameMac } from '../../kernel/crypto/short-mac';
import { InvariantError } from '../../kernel/errors';
import { commitment, NONCE_BYTES, openingPlace, sendsRoot } from '../consent';
import type { KeyRing } from '../keyring.types';
import { closedLeafMac, readSignedCheckpoint, TILE_WIDTH, type ClosedState } from '../ledger';
import type { Tx } from '../sql.types';
import { checkpointJudge, type CheckpointJudge, type LogEnd } from './audit-checkpoints';
import type { EndingPages } from './audit-ending';
import type { AuditKeys } from './audit-keys';
import { BEFORE_ALL } from './audit-people.store';
import {
  CLOSED_STATES,
  countClosed,
  noLeaves,
  noteSystemEntry,
  systemFacts,
  type ClosedLeaves,
  type SystemFacts,
  type ToldFacts,
} from './audit-system';
import { compareTiles, readInputs } from './audit-tiles';
import { recomputedTree, type ExpectedTile } from './audit-tree.rules';
import {
  readCheckpoints,
  readExtraTiles,
  readLeafEnd,
  readLeaves,
  readNotes,
  readStrayCheckpoints,
  readStrayLeaves,
  type LeafRow,
  type NoteRow,
} from './audit.store';
import type { Report } from './audit.types';

const BATCH_LEAVES = 4 * TILE_WIDTH;
const BATCH_NOTES = 1_000;
const MOST_WRONG = 10_000;

export interface AuditLogDeps {
  readonly keyRing: KeyRing;
  readonly logOrigin: string;
  readonly keys: AuditKeys;
  readonly told: ToldFacts;
  readonly clock: Clock;
  readonly ending: EndingPages;
  /** The checkpoint beside the key ring. */
  readonly copy: string | null;
}

export interface AuditedLog {
  readonly size: number;
  readonly root: Buffer;
  readonly opened: number;
  /** Leaves of accounts that are being deleted: their keys are gone, their rows are going. */
  readonly ending: number;
  readonly unopenable: number;
  readonly states: Readonly<Record<LeafRow['state'], number>>;
  /** Unopenable leaves that entries in the log account for. */
  readonly explained: Readonly<ClosedLeaves>;
  /** The first leaf of each state. */
  readonly first: ReadonlyMap<ClosedState, number>;
}

/** The log from its first leaf to its last: openings, leaves, tiles, checkpoints, and the copy beside the keys. */
export async function auditLog(tx: Tx, deps: AuditLogDeps, report: Report): Promise<AuditedLog> {
  const end = await findEnd(tx, deps);
  const states = { open: 0, erased: 0, closed: 0, lost: 0 };
  const walk: Walk = {
    tree: recomputedTree(),
    states,
    opened: 0,
    ending: 0,
    explained: noLeaves(),
    first: new Map(),
    latest: -Infinity,
    wrong: [],
    closedKey: deps.keyRing.systemKey('closed-leaf'),
  };
  const reportLeaf: Report = (what, leaf, ...rest) => {
    if (leaf !== null && walk.wrong.length < MOST_WRONG) walk.wrong.push(leaf);
    report(what, leaf, ...rest);
  };
  const judges: Judges = { judge: checkpointJudge(deps, end, walk, report), report: reportLeaf };
  for (let from = 0; from < end.size; from += BATCH_LEAVES) {
    await auditBatch(tx, deps, { from, to: Math.min(end.size, from + BATCH_LEAVES) }, walk, judges);
  }
  await compareTiles(tx, walk.tree.partial(), walk, reportLeaf);
  await auditEnds(tx, deps, end, report);
  const { opened, ending, explained, first } = walk;
  const unopenable = CLOSED_STATES.reduce((sum, state) => sum + states[state], 0);
  return { size: end.size, root: walk.tree.root(), opened, ending, unopenable, states, explained, first };
}

/** Only what is signed says how long the log is: a size in a column is anybody's. */
async function findEnd(tx: Tx, { keyRing, logOrigin, copy }: AuditLogDeps): Promise<LogEnd> {
  let size = 0;
  const batches = batchesOf<NoteRow>((last) => readNotes(tx, last?.size ?? BEFORE_ALL, BATCH_NOTES));
  for await (const rows of batches) {
    for (const { note } of rows) size = Math.max(size, readSignedCheckpoint(keyRing, logOrigin, note)?.size ?? 0);
  }
  const kept = copy === null ? null : readSignedCheckpoint(keyRing, logOrigin, copy);
  const isKeptOnly = kept !== null && kept.size > size && kept.size <= (await readLeafEnd(tx));
  return { size: isKeptOnly ? kept.size : size, isKeptOnly, kept };
}

interface Walk {
  readonly tree: ReturnType<typeof recomputedTree>;
  readonly states: Record<LeafRow['state'], number>;
  opened: number;
  ending: number;
  /** Leaves that entries account for. */
  readonly explained: ClosedLeaves;
  readonly first: Map<ClosedState, number>;
  /** The latest time that an entry so far says it was written at. */
  latest: number;
  /** The first leaves at fault. */
  readonly wrong: number[];
  /** Of the MAC of closed leaves. */
  readonly closedKey: Buffer;
}

interface Judges {
  readonly judge: CheckpointJudge;
  readonly report: Report;
}

interface Batch {
  readonly from: number;
  readonly to: number;
}

async function auditBatch(
  tx: Tx,
  deps: AuditLogDeps,
  { from, to }: Batch,
  walk: Walk,
  { judge, report }: Judges,
): Promise<void> {
  const rows = new Map((await readLeaves(tx, from, to)).map((row) => [Number(row.index), row]));
  const inputs = await readInputs(tx, from, to, report);
  const checkpoints = new Map((await readCheckpoints(tx, from, to)).map((row) => [Number(row.size), row]));
  const full: ExpectedTile[] = [];
  for (const [at, input] of inputs.entries()) {
    const index = from + at;
    const row = rows.get(index);
    if (row === undefined) report('leaf_missing', index, null, `leaf ${index} has no row`);
    else await auditLeaf(tx, deps, row, { input, walk, report });
    full.push(...walk.tree.add(input));
    judge(index + 1, walk.tree.root, checkpoints.get(index + 1));
  }
  await compareTiles(tx, full, walk, report);
}

interface LeafWalk {
  readonly input: Buffer;
  readonly walk: Walk;
  readonly report: Report;
}

async function auditLeaf(tx: Tx, { keys, told, ending }: AuditLogDeps, row: LeafRow, leaf: LeafWalk): Promise<void> {
  const { input, walk, report } = leaf;
  const index = Number(row.index);
  walk.states[row.state] += 1;
  if (row.state !== 'open') {
    auditClosedLeaf({ index, state: row.state, closedMac: row.closedMac }, walk, report);
    return;
  }
  if (row.leadId !== null && row.accountId !== null && ending.accounts.get(row.pageUuid ?? '') === row.accountId) {
    walk.ending += 1;
    return;
  }
  const opening = openLeaf(keys, row);
  if (opening === null) {
    const what = row.hasOpening ? 'opening_unreadable' : 'opening_missing';
    report(what, index, row.entryId, `leaf ${index}: the opening is gone or cannot be opened`);
    return;
  }
  const body = opening.subarray(0, -NONCE_BYTES);
  const isSame = opening.length > NONCE_BYTES && commitment(body, opening.subarray(-NONCE_BYTES)).equals(input);
  if (!isSame) {
    report('opening_changed', index, row.entryId, `leaf ${index}: the opening is not what was logged`);
    return;
  }
  walk.opened += 1;
  walk.latest = Math.max(walk.latest, writtenAt(body));
  if (row.opening !== null) await auditSystemEntry(tx, row, body, { told, walk, report });
}

/** How many are closed, and as what, entries say; which ones, only the key that closed them. */
function auditClosedLeaf(
  { index, state, closedMac }: Pick<LeafRow, 'closedMac'> & { readonly index: number; readonly state: ClosedState },
  { first, closedKey }: Walk,
  report: Report,
): void {
  if (!first.has(state)) first.set(state, index);
  if (!isSameMac(closedMac, closedLeafMac(closedKey, index, state)))
    report('leaf_state', index, null, `leaf ${index}: nothing shows that it was ${state}`);
}

/** The keys of a body are sorted, and only `after` comes before `at`. */
const WRITTEN_AT = /^\{(?:"after":"[0-9a-f]{64}",)?"at":"([^"]{24})"/;
const HEAD_BYTES = 120;

const writtenAt = (body: Buffer): number => {
  const text = WRITTEN_AT.exec(body.toString('latin1', 0, HEAD_BYTES))?.[1];
  const at = text === undefined ? NaN : Date.parse(text);
  return Number.isNaN(at) ? -Infinity : at;
};

function openLeaf(keys: AuditKeys, row: LeafRow): Buffer | null {
  const { entryId, openingCt } = row;
  if (row.opening !== null || entryId === null || openingCt === null) return row.opening;
  const dek = keys.open(row);
  if (dek === null) return null;
  try {
    return openField(dek, openingPlace(entryId), openingCt);
  } catch (error) {
    if (error instanceof InvariantError) return null;
    throw error;
  }
}

async function auditSystemEntry(
  tx: Tx,
  row: LeafRow,
  bytes: Buffer,
  { told, walk, report }: { readonly told: ToldFacts; readonly walk: Walk; readonly report: Report },
): Promise<void> {
  const index = Number(row.index);
  const facts = systemFacts(bytes);
  if (facts === null) {
    report('opening_owner', index, row.entryId, `leaf ${index}: what stands in clear is no entry`);
    return;
  }
  if (facts.kind === 'sends' && !isChunk(row, facts)) {
    const sentence = `leaf ${index}: the messages of the chunk are not those that were authorised`;
    report('sends_changed', index, row.entryId, sentence);
  }
  if (facts.kind === 'sends' && !isOneAccount(row, facts))
    report('opening_owner', index, row.entryId, `leaf ${index}: chunk, broadcast and Page are not of one account`);
  const { entryId, accountId, accountUuid, ownerMac } = row;
  await noteSystemEntry(tx, told, { entryId, index, accountId, accountUuid, ownerMac }, facts, report);
  countClosed(walk.explained, facts);
}

function isChunk(
  { commitments, broadcastUuid, testedUuid, contentSha256, chunkPage }: LeafRow,
  { root, n, broadcast, content_sha256, page, test }: SystemFacts,
): boolean {
  if (commitments === null || n === undefined || commitments.length !== n * HASH_BYTES) return false;
  // A draft may be changed or deleted after it was tested; what the rows of the tests say goes with the people.
  const isSameBroadcast =
    test === true
      ? [testedUuid, broadcastUuid].every((uuid) => uuid === null || uuid === broadcast)
      : broadcastUuid === broadcast && contentSha256?.toString('hex') === content_sha256;
  return isSameBroadcast && chunkPage === page && sendsRoot(splitHashes(commitments)).toString('hex') === root;
}

const isOneAccount = ({ isPageOwn, isBroadcastOwn }: LeafRow, { test }: SystemFacts): boolean =>
  isPageOwn && (isBroadcastOwn ?? test === true);

/** Null for what is no place in a log. */
const leafOrNull = (index: string): number | null => (Number(index) < 0 ? null : Number(index));

/** What lies beyond the end of the log, and what the copy says of it. */
async function auditEnds(
  tx: Tx,
  { keyRing, logOrigin, copy }: AuditLogDeps,
  { size, kept }: LogEnd,
  report: Report,
): Promise<void> {
  for (const row of await readStrayCheckpoints(tx, size)) {
    const isSigned = readSignedCheckpoint(keyRing, logOrigin, row.note) !== null;
    const what = isSigned ? 'checkpoint_changed' : 'checkpoint_unsigned';
    report(what, Math.max(0, Number(row.size) - 1), null, `checkpoint ${row.size} is of no log that was signed`);
  }
  for (const index of await readStrayLeaves(tx, size))
    report('leaf_unsigned', leafOrNull(index), null, `leaf ${index} is in no signed checkpoint`);
  for (const { level, n } of await readExtraTiles(tx, size))
    report('tile_extra', null, null, `tile ${level}/${n} belongs to no signed checkpoint`);
  if (copy === null) return;
  if (kept === null)
    report('copy_unsigned', null, null, 'the checkpoint beside the key ring is not signed by the key of this log');
  else if (kept.size > size) {
    const sentence = `the database holds ${size} leaves, and the checkpoint beside the key ring ${kept.size}`;
    report('copy_ahead', size, null, sentence);
  }
}
