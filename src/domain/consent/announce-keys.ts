import { sha256 } from '../../kernel/crypto/merkle';
import type { Database, Sql } from '../sql.types';
import { appendSystemEntry, NONCE_BYTES, type AppendDeps } from './append-entry';
import { secretCommitment } from './ledger/commitment.rules';
import type { SystemEntry } from './ledger/entry-body.types';

export interface AnnounceKeysDeps extends AppendDeps {
  readonly db: Database;
}

export interface AnnouncedKeys {
  /** The key that signs the log. */
  readonly vkey: string;
  /** Secrets of the Meta app, whose signatures the evidence holds. */
  readonly appSecrets: readonly string[];
}

/**
 * Puts the key of the log, and a commitment to each app secret, into the log: once each, however many processes start. From then
 * on nobody can say that evidence was signed with a secret made up later.
 */
export const makeAnnounceKeys =
  (deps: AnnounceKeysDeps) =>
  async ({ vkey, appSecrets }: AnnouncedKeys): Promise<void> => {
    await announce(deps, logKeyFact(vkey), { kind: 'log_key', vkey });
    for (const secret of appSecrets) {
      const commitment = secretCommitment(secret);
      await announce(deps, commitment, { kind: 'secret_commit', commitment });
    }
  };

const logKeyFact = (vkey: string): Buffer => sha256(Buffer.from(`log_key ${vkey}`));

/** The fact that an entry announces, by its body; null for one that announces nothing. */
export function announcedFact(body: {
  readonly kind: string;
  readonly vkey?: string;
  readonly sha256?: string;
}): Buffer | null {
  if (body.kind === 'log_key' && body.vkey !== undefined) return logKeyFact(body.vkey);
  return body.kind === 'secret_commit' && body.sha256 !== undefined ? Buffer.from(body.sha256, 'hex') : null;
}

/** Whether a key of the log was written into it, or waits for its leaf. */
export const isAnnounced = async (sql: Sql, vkey: string): Promise<boolean> =>
  (await sql.first('select from ledger_announced where fact_sha256 = $1', [logKeyFact(vkey)])) !== undefined;

/** The leaf of the entry that names a key of the log; null while it has none. */
export async function announcedLeaf(sql: Sql, vkey: string): Promise<number | null> {
  const row = await sql.first<{ index: string }>(
    `select l.leaf_index as index from ledger_announced n join ledger_leaf l on l.entry_id = n.entry_id where n.fact_sha256 = $1`,
    [logKeyFact(vkey)],
  );
  return row === undefined ? null : Number(row.index);
}

/** An entry that names a key of the log, opened. */
export interface LogKeyEntry {
  readonly vkey: string;
  readonly index: number;
  readonly body: Buffer;
  readonly nonce: Buffer;
}

/** The entries of these keys in the log of `size`, in its order. */
export async function readLogKeyEntries(sql: Sql, vkeys: readonly string[], size: number): Promise<LogKeyEntry[]> {
  const rows = await sql.rows<{ n: string; index: string; opening: Buffer }>(
    `select k.n, l.leaf_index as index, o.opening from unnest($1::bytea[]) with ordinality as k (fact, n)
      join ledger_announced a on a.fact_sha256 = k.fact
      join ledger_leaf l on l.entry_id = a.entry_id
      join ledger_opening o on o.entry_id = a.entry_id
     where l.leaf_index < $2 and o.opening is not null order by l.leaf_index`,
    [vkeys.map(logKeyFact), size],
  );
  return rows.map(({ n, index, opening }) => ({
    vkey: vkeys[Number(n) - 1] ?? '',
    index: Number(index),
    body: opening.subarray(0, -NONCE_BYTES),
    nonce: opening.subarray(-NONCE_BYTES),
  }));
}

/** @param fact 32 bytes that tell this fact from every other */
function announce(deps: AnnounceKeysDeps, fact: Buffer, entry: SystemEntry): Promise<void> {
  return deps.db.transaction(async (tx) => {
    const known = await tx.first('select from ledger_announced where fact_sha256 = $1', [fact]);
    if (known !== undefined) return;
    await tx.run('lock table ledger_announced in share row exclusive mode');
    const taken = await tx.first('select from ledger_announced where fact_sha256 = $1', [fact]);
    if (taken !== undefined) return;
    const { entryId } = await appendSystemEntry(tx, deps, null, entry);
    await tx.run('insert into ledger_announced (fact_sha256, entry_id) values ($1, $2)', [fact, entryId]);
  });
}
