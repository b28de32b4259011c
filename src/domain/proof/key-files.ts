import { readLogKeyEntries, type LogKeyEntry } from '../consent';
import type { KeyRing } from '../keyring.types';
import { firstSizesOver, logKeys, makeLogProofs } from '../ledger';
import type { Sql } from '../sql.types';
import { openingFiles } from './person-files.rules';
import type { BundleFile, BundleHead } from './proof.types';

/** What a bundle says of the keys of the log. */
export interface BundleKeys {
  /** The newest one that stands in the log of the bundle. */
  readonly vkey: string;
  /** The entries that name the keys. None as long as the log has had one key. */
  readonly files: readonly BundleFile[];
  /** Sizes of the checkpoints by which each key vouches for the next one. */
  readonly sizes: readonly number[];
}

/**
 * The way from any key of the log to any later one: the entry that names a key stands under a checkpoint that the key before it has
 * signed. It also says, to whoever holds a later key, by which ones older checkpoints are signed.
 */
export async function bundleKeys(
  sql: Sql,
  { keyRing, logOrigin }: { readonly keyRing: KeyRing; readonly logOrigin: string },
  head: BundleHead,
): Promise<BundleKeys> {
  const keys = logKeys(keyRing, logOrigin);
  const [{ vkey: first }] = keys;
  if (keys.length === 1) return { vkey: first, files: [], sizes: [] };
  const vkeys = keys.map(({ vkey }) => vkey);
  const entries = await readLogKeyEntries(sql, vkeys, head.size);
  // A checkpoint is signed by the key whose entry it holds; by a newer one perhaps.
  const vkey = vkeys.findLast((one) => entries.some((entry) => entry.vkey === one)) ?? first;
  return { vkey, files: await entryFiles(sql, entries, head), sizes: await vouchingSizes(sql, entries, head) };
}

async function entryFiles(sql: Sql, entries: readonly LogKeyEntry[], head: BundleHead): Promise<BundleFile[]> {
  const proofs = await makeLogProofs(sql).inclusion(
    entries.map(({ index }) => index),
    head.size,
  );
  return entries.flatMap((entry, at) =>
    openingFiles(`keys/${String(at + 1).padStart(4, '0')}`, entry, head, proofs[at] ?? []),
  );
}

/**
 * Where the next key has signed alone since, the newest checkpoint does not show who vouched for it. Of the checkpoints of an hour the last
 * is kept for ever, and the key before signs for 30 days.
 */
const vouchingSizes = (sql: Sql, entries: readonly LogKeyEntry[], head: BundleHead): Promise<number[]> =>
  firstSizesOver(
    sql,
    entries.slice(1).map(({ index }) => index),
    head.size,
  );
