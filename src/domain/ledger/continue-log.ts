import { HASH_BYTES, splitHashes } from '../../kernel/crypto/merkle';
import { InvariantError } from '../../kernel/errors';
import type { Sql, Tx } from '../sql.types';
import { closedLeafMac } from './closed-leaf.rules';
import { LogHaltedError } from './ledger.errors';
import { insertCheckpoint, insertLostLeaves, readHead, readTiles, takeKnownPending, writeTiles } from './ledger.store';
import type { LeafCopy } from './leaf-copy.types';
import { readSignedCheckpoint } from './log-keys';
import { signedHead, type SequenceDeps } from './sequence';
import { edgeOf, growTree, rootOfEdge } from './tree.rules';

/** Leaves that are added at once. */
const BATCH_LEAVES = 8_192;

export type ContinueLogDeps = Pick<SequenceDeps, 'keyRing' | 'logOrigin' | 'checkpointCopy' | 'leafCopy'>;

export interface LogEnds {
  /** Leaves in the database. */
  readonly size: number;
  /** Leaves under the checkpoint beside the key ring: more of them in a database that was set back. */
  readonly signed: number;
  /** Leaves that are kept beside it. */
  readonly kept: number;
}

/** Where the log ends here, and where it was signed to end. @throws {LogHaltedError} `log_unsigned` for a copy that is not ours */
export async function readLogEnds(sql: Sql, deps: ContinueLogDeps): Promise<LogEnds> {
  const head = await readHead(sql);
  const { signed } = await signedCopy(deps);
  return { size: head?.size ?? 0, signed: signed?.size ?? 0, kept: await deps.leafCopy.count() };
}

async function signedCopy({ keyRing, logOrigin, checkpointCopy }: ContinueLogDeps) {
  const note = await checkpointCopy.read();
  const signed = note === null ? null : readSignedCheckpoint(keyRing, logOrigin, note);
  if (note !== null && signed === null) throw new LogHaltedError('log_unsigned');
  return { note, signed };
}

export interface ContinuedLog {
  readonly from: number;
  readonly to: number;
  /** Leaves whose entries the database does not have any more; the others had waited for their leaf in it. */
  readonly lost: number;
}

/**
 * Gives a log that was set back the tree it had: the leaves that are kept beside the key ring, up to the checkpoint that signs them.
 * Nothing is signed here, and nothing is forked. What was signed of entries that are gone stays signed, as lost.
 *
 * @returns null when the log is not behind
 * @throws {LogHaltedError} `log_forked` when the kept leaves do not make the tree that was signed
 * @throws {InvariantError} `leaf_copy_short` when fewer are kept than were signed
 */
export async function continueLog(tx: Tx, deps: ContinueLogDeps, at: Date): Promise<ContinuedLog | null> {
  const { note, signed } = await signedCopy(deps);
  const head = await signedHead(tx, deps);
  if (note === null || signed === null || signed.size <= head.size) return null;
  let [size, root, lost] = [head.size, head.root, 0];
  while (size < signed.size) {
    const inputs = splitHashes(await keptInputs(deps.leafCopy, size, Math.min(signed.size, size + BATCH_LEAVES)));
    const grown = growTree(size, await readTiles(tx, edgeOf(size)), inputs);
    await writeTiles(tx, grown.tiles);
    lost += await placeLeaves(tx, deps, size, inputs);
    ({ size, root } = grown);
  }
  const isSame = root.equals(signed.root) && rootOfEdge(size, await readTiles(tx, edgeOf(size))).equals(root);
  if (!isSame) throw new LogHaltedError('log_forked');
  const signedAt = new Date(Math.max(at.getTime(), head.signedAtMs));
  await insertCheckpoint(tx, { size, root, note, signedAt });
  return { from: head.size, to: size, lost };
}

async function keptInputs(leafCopy: LeafCopy, from: number, to: number): Promise<Buffer> {
  const inputs = await leafCopy.read(from, to);
  if (inputs.length !== (to - from) * HASH_BYTES)
    throw new InvariantError('leaf_copy_short', 'fewer leaves are kept beside the key ring than its checkpoint signs');
  return inputs;
}

/** @returns how many are lost */
async function placeLeaves(
  tx: Tx,
  { keyRing }: ContinueLogDeps,
  from: number,
  inputs: readonly Buffer[],
): Promise<number> {
  const key = keyRing.systemKey('closed-leaf');
  const known = new Set(await takeKnownPending(tx, from, inputs));
  const lost = inputs.flatMap((_, n) => (known.has(from + n) ? [] : [from + n]));
  await insertLostLeaves(
    tx,
    lost.map((index) => ({ index, mac: closedLeafMac(key, index, 'lost') })),
  );
  return lost.length;
}
