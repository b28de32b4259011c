import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../kernel/clock';
import { InvariantError } from '../../kernel/errors';
import type { Log } from '../../kernel/log';
import type { KeyRing } from '../keyring.types';
import type { Database, Sql, Tx } from '../sql.types';
import type { CheckpointCopy } from './checkpoint-copy.types';
import { keepLeaves } from './keep-leaves';
import type { LeafCopy } from './leaf-copy.types';
import { LogHaltedError } from './ledger.errors';
import {
  hasPending,
  insertCheckpoint,
  insertLeaves,
  readHead,
  readSystemGeneration,
  readTiles,
  rejectPending,
  takeCopyLock,
  takePending,
  takeSequencerLock,
  writeTiles,
  type PendingRow,
  type RejectedRow,
  type StoredCheckpoint,
} from './ledger.store';
import { logSigners, readSignedCheckpoint } from './log-keys';
import { checkpointText, parseCheckpoint, parseNote, signNote, type Checkpoint } from './note.rules';
import { pendingMac } from './pending-mac.rules';
import { makeLogProofs } from './proofs';
import { edgeOf, growTree, rootOfEdge, type Tile } from './tree.rules';

/** Leaves of one batch: what a second of the fastest writers gives, in one transaction of about 150 ms. */
const BATCH_ENTRIES = 8_192;
/** The system ring changes a few times a day. Whoever is overtaken so often tries again with the next batch. */
const MOST_ATTEMPTS = 3;

export interface SequenceDeps {
  readonly db: Database;
  readonly keyRing: KeyRing;
  readonly clock: Clock;
  readonly log: Log;
  /** Origin of the log, made once for the installation. */
  readonly logOrigin: string;
  readonly checkpointCopy: CheckpointCopy;
  readonly leafCopy: LeafCopy;
}

export type SequenceResult =
  /** Nothing waits, or another process is at it. */
  | { readonly kind: 'idle' }
  | {
      readonly kind: 'signed';
      readonly size: number;
      readonly added: number;
      readonly rejected: number;
      /** The batch was full: more may wait. */
      readonly hasMore: boolean;
    };

const IDLE: SequenceResult = { kind: 'idle' };

/**
 * Gives waiting entries their place in the log and signs what it has become, in one transaction.
 *
 * Keeps nothing in memory: whichever process gets the lock reads the edge of the tree and checks it against the last signed
 * root before it adds to it. Killed at any moment, the transaction is undone or done.
 *
 * @throws {LogHaltedError} and changes nothing, when what is stored is not what was signed
 */
export function makeSequence(deps: SequenceDeps): () => Promise<SequenceResult> {
  return async () => {
    if (!(await hasPending(deps.db))) return IDLE;
    const copy = await deps.checkpointCopy.read();
    const done = await withCurrentKeys(deps.keyRing, () =>
      deps.db.transaction(async (tx) => ((await takeSequencerLock(tx)) ? extendLog(tx, deps, copy) : null)),
    );
    if (done === null) return IDLE;
    if (done.note !== null) {
      // The leaves first: what the copied checkpoint signs can then be given back.
      await keepLeaves(deps.db, deps.leafCopy, sizeOf(copy), done.result.size);
      await copyCheckpoint(deps, done.note);
    }
    return done.result;
  };
}

/** One process at a time: whoever signed less must not write after whoever signed more. */
const copyCheckpoint = ({ db, checkpointCopy }: SequenceDeps, note: string): Promise<void> =>
  db.transaction(async (tx) => {
    await takeCopyLock(tx);
    await checkpointCopy.write(note);
  });

const sizeOf = (note: string | null): number =>
  (note === null ? null : parseCheckpoint(parseNote(note)?.text ?? ''))?.size ?? 0;

/** The keys in memory are not those of this moment: another process has changed the system ring. */
class KeysOvertaken extends Error {}

/** Runs a batch, and runs it again with the keys of this moment when it finds that it does not have them. */
async function withCurrentKeys<T>(keyRing: KeyRing, batch: () => Promise<T | null>): Promise<T | null> {
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
    try {
      return await batch();
    } catch (error) {
      if (!(error instanceof KeysOvertaken)) throw error;
      await keyRing.refreshSystemKeys();
    }
  }
  return null;
}

async function requireCurrentKeys(tx: Tx, keyRing: KeyRing): Promise<void> {
  if ((await readSystemGeneration(tx)) !== keyRing.systemGeneration()) throw new KeysOvertaken();
}

interface Extended {
  readonly result: Extract<SequenceResult, { kind: 'signed' }>;
  /** Null when nothing was signed. */
  readonly note: string | null;
}

async function extendLog(tx: Tx, deps: SequenceDeps, copy: string | null): Promise<Extended> {
  await requireCurrentKeys(tx, deps.keyRing);
  const head = await trustedHead(tx, deps, copy);
  const rows = await takePending(tx, BATCH_ENTRIES);
  // Once more: a new key is in force before its entry is written, so whoever signs that entry signs with that key too.
  await requireCurrentKeys(tx, deps.keyRing);
  const rejected = rejectedOf(deps.keyRing, rows);
  const at = new Date(Math.max(deps.clock.now().getTime(), head.signedAtMs));
  if (rejected.length > 0) {
    await rejectPending(tx, rejected, at);
    deps.log.error('ledger.rows_rejected', { count: rejected.length });
  }
  const refused = new Set(rejected.map(({ id }) => id));
  const entries = rows.filter(({ id }) => !refused.has(id));
  const hasMore = rows.length === BATCH_ENTRIES;
  const outcome = { kind: 'signed', added: entries.length, rejected: rejected.length, hasMore } as const;
  if (entries.length === 0) return { result: { ...outcome, size: head.size }, note: null };
  const grown = growTree(
    head.size,
    head.edge,
    entries.map(({ commitment }) => commitment),
  );
  const checkpoint = signCheckpoint(deps, grown, at);
  await insertLeaves(
    tx,
    head.size,
    entries.map(({ entryId }) => entryId),
  );
  await writeTiles(tx, grown.tiles);
  await insertCheckpoint(tx, checkpoint);
  return { result: { ...outcome, size: grown.size }, note: checkpoint.note };
}

export interface TrustedHead {
  readonly size: number;
  readonly edge: readonly Tile[];
  readonly signedAtMs: number;
}

/** The end of the log, after everything that a signature would vouch for was checked. */
async function trustedHead(tx: Tx, deps: SequenceDeps, copy: string | null): Promise<TrustedHead> {
  const head = await signedHead(tx, deps);
  await requireSuccessor(tx, deps, copy, head);
  return head;
}

/** The end of the log as it is stored, which our key has signed. @throws {LogHaltedError} `log_forked`, `log_unsigned` */
export async function signedHead(
  sql: Sql,
  deps: Pick<SequenceDeps, 'keyRing' | 'logOrigin'>,
): Promise<TrustedHead & Pick<Checkpoint, 'root'>> {
  const stored = await readHead(sql);
  const size = stored?.size ?? 0;
  const edge = await readTiles(sql, edgeOf(size));
  const root = await orForked(() => rootOfEdge(size, edge));
  if (stored !== undefined) requireSigned(deps, stored, root);
  return { size, root, edge, signedAtMs: stored?.signedAt.getTime() ?? 0 };
}

/** Where the tiles do not even make a root, they are not those that were signed. */
async function orForked(rootOf: () => Buffer | Promise<Buffer>): Promise<Buffer> {
  try {
    return await rootOf();
  } catch (error) {
    if (error instanceof InvariantError) throw new LogHaltedError('log_forked');
    throw error;
  }
}

function requireSigned(
  { keyRing, logOrigin }: Pick<SequenceDeps, 'keyRing' | 'logOrigin'>,
  stored: StoredCheckpoint,
  root: Buffer,
): void {
  const signed = readSignedCheckpoint(keyRing, logOrigin, stored.note);
  if (signed === null) throw new LogHaltedError('log_unsigned');
  const isSame = signed.size === stored.size && signed.root.equals(stored.root) && signed.root.equals(root);
  if (!isSame) throw new LogHaltedError('log_forked');
}

/** The log must hold what the copy beside the keys says it held. */
async function requireSuccessor(
  sql: Sql,
  { keyRing, logOrigin }: SequenceDeps,
  copy: string | null,
  head: Pick<Checkpoint, 'size' | 'root'>,
): Promise<void> {
  if (copy === null) return;
  const known = readSignedCheckpoint(keyRing, logOrigin, copy);
  if (known === null) throw new LogHaltedError('log_unsigned');
  if (known.size > head.size) throw new LogHaltedError('log_behind');
  const root = known.size === head.size ? head.root : await orForked(() => makeLogProofs(sql).root(known.size));
  if (!root.equals(known.root)) throw new LogHaltedError('log_forked');
}

function signCheckpoint(
  { keyRing, logOrigin }: SequenceDeps,
  { size, root }: Pick<Checkpoint, 'size' | 'root'>,
  signedAt: Date,
): StoredCheckpoint {
  const text = checkpointText({ origin: logOrigin, size, root });
  return { size, root, note: signNote(text, ...logSigners(keyRing, logOrigin, signedAt)), signedAt };
}

function rejectedOf(keyRing: KeyRing, rows: readonly PendingRow[]): RejectedRow[] {
  const seen = new Set<string>();
  return rows.flatMap((row): RejectedRow[] => {
    const isRepeated = row.isRepeated || seen.has(row.entryId);
    seen.add(row.entryId);
    if (!isAuthentic(keyRing, row)) return [{ ...row, reason: 'mac' }];
    return isRepeated ? [{ ...row, reason: 'repeated' }] : [];
  });
}

/** Whether a process that holds the key wrote the row: somebody with the database alone must not add to the log. */
export function isAuthentic(
  keyRing: KeyRing,
  { entryId, commitment, mac, macKeyId }: Pick<PendingRow, 'entryId' | 'commitment' | 'mac' | 'macKeyId'>,
): boolean {
  const key = macKey(keyRing, macKeyId);
  if (key === null) return false;
  const expected = pendingMac(key, entryId, commitment);
  return mac.length === expected.length && timingSafeEqual(mac, expected);
}

function macKey(keyRing: KeyRing, id: number): Buffer | null {
  try {
    return keyRing.pendingMacKey(id).key;
  } catch (error) {
    if (error instanceof InvariantError) return null;
    throw error;
  }
}
