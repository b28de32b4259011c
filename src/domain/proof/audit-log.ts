import { openField } from '../../kernel/crypto/field-cipher';
import { HASH_BYTES } from '../../kernel/crypto/merkle';
import { parseCanonicalJson } from '../../kernel/crypto/jcs';
import { InvariantError } from '../../kernel/errors';
import { commitment, NONCE_BYTES, openingPlace, sendsRoot } from '../consent';
import type { KeyRing } from '../keyring.types';
import { onRing } from '../leads';
import { INPUT_LEVEL, readHead, readSignedCheckpoint, readTiles, TILE_WIDTH, type CheckpointCopy } from '../ledger';
import type { Tx } from '../sql.types';
import { recomputedTree, type ExpectedTile } from './audit-tree.rules';
import {
  countLeavesFrom,
  hasWording,
  readCheckpoints,
  readExtraTiles,
  readLeaves,
  type CheckpointRow,
  type LeafRow,
} from './audit.store';
import type { Report } from './audit.types';

const BATCH_LEAVES = 4 * TILE_WIDTH;

export interface AuditLogDeps {
  readonly keyRing: KeyRing;
  readonly logOrigin: string;
  readonly checkpointCopy: CheckpointCopy;
}

export interface AuditedLog {
  readonly size: number;
  readonly root: Buffer;
  readonly opened: number;
  readonly states: Readonly<Record<LeafRow['state'], number>>;
}

/** The log from its first leaf to its last: openings, leaves, tiles, checkpoints, and the copy beside the keys. */
export async function auditLog(tx: Tx, deps: AuditLogDeps, copy: string | null, report: Report): Promise<AuditedLog> {
  const size = (await readHead(tx))?.size ?? 0;
  const audited: Walk = { tree: recomputedTree(), states: { open: 0, erased: 0, closed: 0, lost: 0 }, opened: 0 };
  const judges: Judges = { judge: checkpointJudge(deps, copy, report), report };
  for (let from = 0; from < size; from += BATCH_LEAVES) {
    await auditBatch(tx, deps, { from, to: Math.min(size, from + BATCH_LEAVES) }, audited, judges);
  }
  await compareTiles(tx, audited.tree.partial(), report);
  await auditEnds(tx, size, copy, deps, report);
  return { size, root: audited.tree.root(), opened: audited.opened, states: audited.states };
}

interface Walk {
  readonly tree: ReturnType<typeof recomputedTree>;
  readonly states: Record<LeafRow['state'], number>;
  opened: number;
}

interface Judges {
  readonly judge: ReturnType<typeof checkpointJudge>;
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
    else {
      walk.states[row.state] += 1;
      if (await auditLeaf(tx, deps, row, input, report)) walk.opened += 1;
    }
    full.push(...walk.tree.add(input));
    judge(index + 1, walk.tree.root(), checkpoints.get(index + 1));
  }
  await compareTiles(tx, full, report);
}

/** The leaf inputs as stored; where a tile is missing or short, what it lacks is reported and counts as zeros. */
async function readInputs(tx: Tx, from: number, to: number, report: Report): Promise<Buffer[]> {
  const first = Math.floor(from / TILE_WIDTH);
  const places = Array.from({ length: Math.ceil(to / TILE_WIDTH) - first }, (_, at) => ({
    level: INPUT_LEVEL,
    n: first + at,
  }));
  const tiles = new Map((await readTiles(tx, places)).map((tile) => [tile.n, tile.hashes]));
  return places.flatMap(({ n }) => {
    const width = Math.min(TILE_WIDTH, to - n * TILE_WIDTH);
    const hashes = tiles.get(n) ?? Buffer.alloc(0);
    if (hashes.length !== width * HASH_BYTES)
      report('tile_changed', n * TILE_WIDTH, null, `the tile of inputs ${n} has another length than it must have`);
    return Array.from({ length: width }, (_, at) => {
      const hash = hashes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES);
      return hash.length === HASH_BYTES ? hash : Buffer.alloc(HASH_BYTES);
    });
  });
}

async function compareTiles(tx: Tx, expected: readonly ExpectedTile[], report: Report): Promise<void> {
  if (expected.length === 0) return;
  const stored = new Map((await readTiles(tx, expected)).map((tile) => [`${tile.level}/${tile.n}`, tile.hashes]));
  for (const { level, n, hashes } of expected) {
    const found = stored.get(`${level}/${n}`);
    if (found?.equals(hashes) === true) continue;
    const differs = firstDifference(found ?? Buffer.alloc(0), hashes);
    const leaf = (n * TILE_WIDTH + differs) * TILE_WIDTH ** level;
    report('tile_changed', leaf, null, `tile ${level}/${n} is not what the leaves below it make`);
  }
}

const firstDifference = (found: Buffer, expected: Buffer): number => {
  let at = 0;
  while (at < expected.length && found[at] === expected[at]) at += 1;
  return Math.min(Math.floor(at / HASH_BYTES), Math.max(0, expected.length / HASH_BYTES - 1));
};

/** @returns whether the entry was opened */
async function auditLeaf(tx: Tx, deps: AuditLogDeps, row: LeafRow, input: Buffer, report: Report): Promise<boolean> {
  const index = Number(row.index);
  if (row.state !== 'open') return false;
  const opening = openLeaf(deps, row);
  if (opening === null) {
    const what = row.hasOpening ? 'opening_unreadable' : 'opening_missing';
    report(what, index, row.entryId, `leaf ${index}: the opening is gone or cannot be opened`);
    return false;
  }
  const body = opening.subarray(0, -NONCE_BYTES);
  const isSame = opening.length > NONCE_BYTES && commitment(body, opening.subarray(-NONCE_BYTES)).equals(input);
  if (!isSame) report('opening_changed', index, row.entryId, `leaf ${index}: the opening is not what was logged`);
  else if (row.leadId === null) await auditSystemEntry(tx, row, body, report);
  return isSame;
}

function openLeaf({ keyRing }: AuditLogDeps, row: LeafRow): Buffer | null {
  const { entryId, pageUuid, bucket, keyVersion, dekWrapped, openingCt } = row;
  if (row.opening !== null || entryId === null) return row.opening;
  if (pageUuid === null || bucket === null || keyVersion === null || dekWrapped === null || openingCt === null)
    return null;
  try {
    const dek = onRing(pageUuid, () => keyRing.unwrapLeadKey(pageUuid, bucket, keyVersion, dekWrapped));
    return openField(dek, openingPlace(entryId), openingCt);
  } catch (error) {
    if (error instanceof InvariantError) return null;
    throw error;
  }
}

interface SystemBody {
  readonly kind: string;
  readonly page?: string;
  readonly root?: string;
  readonly n?: number;
  readonly notice?: { readonly sha256: string };
}

async function auditSystemEntry(tx: Tx, row: LeafRow, bytes: Buffer, report: Report): Promise<void> {
  const index = Number(row.index);
  const body = parseCanonicalJson(bytes) as SystemBody;
  if (body.kind === 'sends' && !isChunk(row.commitments, body)) {
    report(
      'sends_changed',
      index,
      row.entryId,
      `leaf ${index}: the messages of the chunk are not those that were authorised`,
    );
  }
  if (body.kind !== 'notice' || body.page === undefined || body.notice === undefined) return;
  if (!(await hasWording(tx, body.page, body.notice.sha256))) {
    report('notice_missing', index, row.entryId, `leaf ${index}: the wording it published is gone`);
  }
}

function isChunk(commitments: Buffer | null, { root, n }: SystemBody): boolean {
  if (commitments === null || n === undefined || commitments.length !== n * HASH_BYTES) return false;
  const each = Array.from({ length: n }, (_, at) => commitments.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES));
  return sendsRoot(each).toString('hex') === root;
}

/** Judges checkpoints as the recomputed tree reaches their size. */
function checkpointJudge({ keyRing, logOrigin }: AuditLogDeps, copy: string | null, report: Report) {
  const kept = copy === null ? null : readSignedCheckpoint(keyRing, logOrigin, copy);
  let before = 0;
  return (size: number, root: Buffer, row: CheckpointRow | undefined): void => {
    const last = size - 1;
    if (kept?.size === size && !kept.root.equals(root)) {
      report(
        'copy_differs',
        last,
        null,
        `the log of ${size} leaves is not the one whose checkpoint lies beside the key ring`,
      );
    }
    if (row === undefined) return;
    const signed = readSignedCheckpoint(keyRing, logOrigin, row.note);
    if (signed === null)
      report('checkpoint_unsigned', last, null, `checkpoint ${size} is not signed by the key of this log`);
    else if (signed.size !== size || !signed.root.equals(root))
      report('checkpoint_changed', last, null, `checkpoint ${size} signs another log than the one that is stored`);
    if (!row.root.equals(root))
      report('checkpoint_root', last, null, `checkpoint ${size} names another root in its row`);
    if (row.signedAt.getTime() < before)
      report('checkpoint_time', last, null, `checkpoint ${size} is older than the one before it`);
    before = row.signedAt.getTime();
  };
}

async function auditEnds(
  tx: Tx,
  size: number,
  copy: string | null,
  { keyRing, logOrigin }: AuditLogDeps,
  report: Report,
): Promise<void> {
  for (const index of await countLeavesFrom(tx, size))
    report('leaf_unsigned', Number(index), null, `leaf ${index} is in no signed checkpoint`);
  for (const { level, n } of await readExtraTiles(tx, size))
    report('tile_extra', null, null, `tile ${level}/${n} belongs to no signed checkpoint`);
  if (copy === null) return;
  const kept = readSignedCheckpoint(keyRing, logOrigin, copy);
  if (kept === null)
    report('copy_unsigned', null, null, 'the checkpoint beside the key ring is not signed by the key of this log');
  else if (kept.size > size)
    report(
      'copy_ahead',
      size,
      null,
      `the database holds ${size} leaves, and the checkpoint beside the key ring ${kept.size}`,
    );
}
