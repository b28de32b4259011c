import type { Sql, Tx } from '../sql.types';
import type { Tile, TilePlace } from './tree.rules';

/** Held to the end of the transaction that signs: one process at a time makes the log grow. */
const SEQUENCER_LOCK = 7101;
const COPY_LOCK = 7103;

export async function takeSequencerLock(tx: Tx): Promise<boolean> {
  const row = await tx.first<{ taken: boolean }>('select pg_try_advisory_xact_lock($1) as taken', [SEQUENCER_LOCK]);
  return row?.taken === true;
}

/** Waits for whoever writes the copy of the newest checkpoint. */
export const takeCopyLock = (tx: Tx): Promise<number> => tx.run('select pg_advisory_xact_lock($1)', [COPY_LOCK]);

/** Generation of the system ring that is in force. */
export async function readSystemGeneration(sql: Sql): Promise<number | undefined> {
  const row = await sql.first<{ generation: number }>(`select generation from key_ring where ring = 'system'`);
  return row?.generation;
}

export async function hasPending(sql: Sql): Promise<boolean> {
  const row = await sql.first<{ found: boolean }>('select exists (select from ledger_pending) as found');
  return row?.found === true;
}

/** PostgreSQL's bigint comes as text; sizes and indexes of a log fit a number. */
interface CheckpointColumns {
  readonly size: string;
  readonly root: Buffer;
  readonly note: string;
  readonly signedAt: Date;
}

export interface StoredCheckpoint {
  readonly size: number;
  readonly root: Buffer;
  readonly note: string;
  readonly signedAt: Date;
}

const COLUMNS = 'size, root, note, signed_at as "signedAt"';
const toCheckpoint = ({ size, ...row }: CheckpointColumns): StoredCheckpoint => ({ ...row, size: Number(size) });

/** The newest checkpoint; undefined while nothing has been signed. */
export async function readHead(sql: Sql): Promise<StoredCheckpoint | undefined> {
  const row = await sql.first<CheckpointColumns>(`select ${COLUMNS} from ledger_checkpoint order by size desc limit 1`);
  return row === undefined ? undefined : toCheckpoint(row);
}

export async function readCheckpoints(sql: Sql, sizes: readonly number[]): Promise<StoredCheckpoint[]> {
  const rows = await sql.rows<CheckpointColumns>(
    `select ${COLUMNS} from ledger_checkpoint where size = any($1::bigint[])`,
    [sizes],
  );
  return rows.map(toCheckpoint);
}

/** For each leaf the size of the first checkpoint that holds it, up to `most`. */
export async function firstSizesOver(sql: Sql, indexes: readonly number[], most: number): Promise<number[]> {
  const rows = await sql.rows<{ size: string }>(
    `select distinct c.size from unnest($1::bigint[]) as l (leaf)
      cross join lateral (select min(size) as size from ledger_checkpoint where size > l.leaf and size <= $2) c
     where c.size is not null`,
    [indexes, most],
  );
  return rows.map(({ size }) => Number(size));
}

export async function readTiles(sql: Sql, places: readonly TilePlace[]): Promise<Tile[]> {
  const rows = await sql.rows<{ level: number; n: string; hashes: Buffer }>(
    `select t.level, t.n, t.hashes from ledger_tile t
      join unnest($1::smallint[], $2::bigint[]) as wanted (level, n) on t.level = wanted.level and t.n = wanted.n`,
    [places.map(({ level }) => level), places.map(({ n }) => n)],
  );
  return rows.map(({ level, n, hashes }) => ({ level, n: Number(n), hashes }));
}

export async function writeTiles(tx: Tx, tiles: readonly Tile[]): Promise<void> {
  await tx.run(
    `insert into ledger_tile (level, n, hashes) select * from unnest($1::smallint[], $2::bigint[], $3::bytea[])
     on conflict (level, n) do update set hashes = excluded.hashes`,
    [tiles.map(({ level }) => level), tiles.map(({ n }) => n), tiles.map(({ hashes }) => hashes)],
  );
}

export interface PendingRow {
  readonly id: string;
  readonly entryId: string;
  readonly commitment: Buffer;
  readonly mac: Buffer;
  readonly macKeyId: number;
  /** The entry has a leaf already. */
  readonly isRepeated: boolean;
}

/**
 * Takes the oldest pending entries out of the queue, in the order in which they were written.
 *
 * Written so that no statistics can mislead the planner: those of a queue are mostly of when it was empty, and with
 * `id in (select … limit …)` they made 8,000 rows take ten seconds. A bound on the key and a lookup a row cost the same at any size.
 */
export function takePending(tx: Tx, limit: number): Promise<PendingRow[]> {
  return tx.rows<PendingRow>(
    `with taken as (
       delete from ledger_pending
        where id <= (select max(id) from (select id from ledger_pending order by id limit $1) oldest)
       returning id, entry_id, commitment, mac, mac_key_id
     )
     select t.id, t.entry_id as "entryId", t.commitment, t.mac, t.mac_key_id as "macKeyId", l.found is not null as "isRepeated"
      from taken t left join lateral (select true as found from ledger_leaf where entry_id = t.entry_id limit 1) l on true
     order by t.id`,
    [limit],
  );
}

export interface RejectedRow extends PendingRow {
  readonly reason: 'mac' | 'repeated';
}

/** Sets aside what none of our processes wrote: it gets no leaf, and somebody has to look. */
export async function rejectPending(tx: Tx, rows: readonly RejectedRow[], at: Date): Promise<void> {
  await tx.run(
    `insert into ledger_rejected (id, entry_id, commitment, mac, mac_key_id, reason, rejected_at)
     select r.*, $7 from unnest($1::bigint[], $2::uuid[], $3::bytea[], $4::bytea[], $5::smallint[], $6::text[]) as r
     on conflict (id) do nothing`,
    [
      rows.map(({ id }) => id),
      rows.map(({ entryId }) => entryId),
      rows.map(({ commitment }) => commitment),
      rows.map(({ mac }) => mac),
      rows.map(({ macKeyId }) => macKeyId),
      rows.map(({ reason }) => reason),
      at,
    ],
  );
}

/** Gives entries their leaves, from `firstIndex` on. */
export async function insertLeaves(tx: Tx, firstIndex: number, entryIds: readonly string[]): Promise<void> {
  await tx.run(
    `insert into ledger_leaf (leaf_index, entry_id)
     select $1::bigint + e.n - 1, e.id from unnest($2::uuid[]) with ordinality as e (id, n)`,
    [firstIndex, entryIds],
  );
}

/** Leaves whose entries a database lost when it was set back. */
export const insertLostLeaves = (tx: Tx, leaves: readonly LostLeaf[]): Promise<number> =>
  tx.run(
    `insert into ledger_leaf (leaf_index, entry_id, state, closed_mac)
     select e.leaf_index, null, 'lost', e.mac from unnest($1::bigint[], $2::bytea[]) as e (leaf_index, mac)`,
    [leaves.map(({ index }) => index), leaves.map(({ mac }) => mac)],
  );

export interface LostLeaf {
  readonly index: number;
  /** What shows that it was lost. */
  readonly mac: Buffer;
}

/** Gives waiting entries the leaves that they have had already. @param leaves by commitment @returns which of the leaves */
export async function takeKnownPending(tx: Tx, firstIndex: number, commitments: readonly Buffer[]): Promise<number[]> {
  const rows = await tx.rows<{ index: string }>(
    `with known as (
       delete from ledger_pending p using unnest($2::bytea[]) with ordinality as c (commitment, n)
        where p.commitment = c.commitment
       returning p.entry_id, $1::bigint + c.n - 1 as leaf_index
     )
     insert into ledger_leaf (leaf_index, entry_id) select leaf_index, entry_id from known returning leaf_index as index`,
    [firstIndex, commitments],
  );
  return rows.map(({ index }) => Number(index));
}

export async function insertCheckpoint(tx: Tx, checkpoint: StoredCheckpoint): Promise<void> {
  await tx.run('insert into ledger_checkpoint (size, root, note, signed_at) values ($1, $2, $3, $4)', [
    checkpoint.size,
    checkpoint.root,
    checkpoint.note,
    checkpoint.signedAt,
  ]);
}

/** Which of the entries have a leaf, and where. */
export async function leafIndexes(sql: Sql, entryIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const rows = await sql.rows<{ entryId: string; index: string }>(
    'select entry_id as "entryId", leaf_index as index from ledger_leaf where entry_id = any($1::uuid[])',
    [entryIds],
  );
  return new Map(rows.map(({ entryId, index }) => [entryId, Number(index)]));
}
