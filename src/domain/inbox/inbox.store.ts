import type { RowId, Sql, Tx } from '../sql.types';

export interface NewInboxRow {
  readonly deliveryId: string;
  readonly keyDay: number;
  readonly copyMac: Buffer;
  readonly bodyCt: Buffer;
  readonly receivedAt: Date;
}

/**
 * One statement for all: a commit costs the same for one body as for fifty. An exact copy that still waits is left out.
 * Ordered, so that two processes that are handed the same copies cannot wait for each other in a ring.
 */
export function insertBodies(sql: Sql, rows: readonly NewInboxRow[]): Promise<number> {
  return sql.run(
    `insert into inbox (delivery_id, key_day, copy_mac, body_ct, due_at, received_at)
     select d, k, m, b, r, r from unnest($1::uuid[], $2::int[], $3::bytea[], $4::bytea[], $5::timestamptz[]) as t (d, k, m, b, r)
     order by m on conflict on constraint inbox_copy_key do nothing`,
    [
      rows.map((row) => row.deliveryId),
      rows.map((row) => row.keyDay),
      rows.map((row) => row.copyMac),
      rows.map((row) => row.bodyCt),
      rows.map((row) => row.receivedAt),
    ],
  );
}

/** The same for one body alone; a single value travels in binary, an array as text twice as long. */
export function insertBody(sql: Sql, row: NewInboxRow): Promise<number> {
  return sql.run(
    `insert into inbox (delivery_id, key_day, copy_mac, body_ct, due_at, received_at) values ($1, $2, $3, $4, $5, $5)
     on conflict on constraint inbox_copy_key do nothing`,
    [row.deliveryId, row.keyDay, row.copyMac, row.bodyCt, row.receivedAt],
  );
}

export interface InboxRow {
  readonly id: RowId;
  readonly deliveryId: string;
  readonly keyDay: number;
  readonly bodyCt: Buffer;
  readonly noncesCt: Buffer | null;
  readonly attempts: number;
  readonly receivedAt: Date;
}

const COLUMNS = `id, delivery_id as "deliveryId", key_day as "keyDay", body_ct as "bodyCt", nonces_ct as "noncesCt",
  attempts, received_at as "receivedAt"`;

/** Takes one due body; others skip it until this transaction ends. */
export function takeDue(tx: Tx, now: Date): Promise<InboxRow | undefined> {
  return tx.first<InboxRow>(
    `select ${COLUMNS} from inbox where due_at <= $1 order by due_at, id limit 1 for update skip locked`,
    [now],
  );
}

/** Keeps a body of several events away from other workers while its events are worked one by one. */
export async function leaseBody(tx: Tx, id: RowId, noncesCt: Buffer, until: Date): Promise<void> {
  await tx.run(`update inbox set nonces_ct = $2, due_at = $3 where id = $1`, [id, noncesCt, until]);
}

export async function deferBody(sql: Sql, id: RowId, attempts: number, dueAt: Date): Promise<void> {
  await sql.run(`update inbox set attempts = $2, due_at = $3 where id = $1`, [id, attempts, dueAt]);
}

export async function deleteBody(sql: Sql, id: RowId): Promise<void> {
  await sql.run(`delete from inbox where id = $1`, [id]);
}

export function deleteBodiesBefore(sql: Sql, receivedBefore: Date): Promise<number> {
  return sql.run(`delete from inbox where received_at < $1`, [receivedBefore]);
}

/** @returns false when this event of the lead was worked before */
export async function markEvent(tx: Tx, leadId: RowId, mac: Buffer, at: Date): Promise<boolean> {
  const marked = await tx.run(
    `insert into inbox_event (lead_id, event_mac, seen_at) values ($1, $2, $3) on conflict on constraint inbox_event_pkey do nothing`,
    [leadId, mac, at],
  );
  return marked === 1;
}

export function deleteEventsBefore(sql: Sql, seenBefore: Date): Promise<number> {
  return sql.run(`delete from inbox_event where seen_at < $1`, [seenBefore]);
}

/** Reads the list of opt-outs that were brought along. */
export async function isSuppressed(tx: Tx, pageId: RowId, personMac: Buffer): Promise<boolean> {
  const row = await tx.first(`select from suppression where page_id = $1 and person_mac = $2`, [pageId, personMac]);
  return row !== undefined;
}
