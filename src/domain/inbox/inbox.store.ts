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
  readonly dueAt: Date;
}

/**
 * Takes one due body out; others skip it until this transaction ends. Roll back to leave it there.
 */
export function takeDue(tx: Tx, now: Date): Promise<InboxRow | undefined> {
  return tx.first<InboxRow>(
    `delete from inbox where id = (
       select id from inbox where due_at <= $1 order by due_at, id limit 1 for update skip locked
     )
     returning id, delivery_id as "deliveryId", key_day as "keyDay", body_ct as "bodyCt", nonces_ct as "noncesCt",
       attempts, due_at as "dueAt"`,
    [now],
  );
}

/**
 * Keeps a body of several events away from other workers while its events are worked one by one.
 *
 * @returns false when another worker has it
 */
export async function leaseBody(sql: Sql, row: InboxRow, noncesCt: Buffer, until: Date): Promise<boolean> {
  const leased = await sql.run(`update inbox set nonces_ct = $3, due_at = $4 where id = $1 and due_at = $2`, [
    row.id,
    row.dueAt,
    noncesCt,
    until,
  ]);
  return leased === 1;
}

/**
 * Leaves a body for later.
 *
 * @returns false when another worker has taken or deferred it since it was put back
 */
export async function deferBody(sql: Sql, row: InboxRow, attempts: number, dueAt: Date): Promise<boolean> {
  const deferred = await sql.run(`update inbox set attempts = $3, due_at = $4 where id = $1 and due_at = $2`, [
    row.id,
    row.dueAt,
    attempts,
    dueAt,
  ]);
  return deferred === 1;
}

export async function deleteBody(sql: Sql, id: RowId): Promise<void> {
  await sql.run(`delete from inbox where id = $1`, [id]);
}

export type TriedBody = Pick<InboxRow, 'id' | 'deliveryId' | 'keyDay' | 'bodyCt'>;

/** Bodies that were tried and wait to be tried again. */
export const readTriedBodies = (tx: Tx): Promise<TriedBody[]> =>
  tx.rows(
    `select id, delivery_id as "deliveryId", key_day as "keyDay", body_ct as "bodyCt" from inbox where attempts > 0`,
  );

export const deleteBodies = (tx: Tx, ids: readonly RowId[]): Promise<number> =>
  tx.run(`delete from inbox where id = any($1::bigint[])`, [ids]);

export function deleteBodiesBefore(sql: Sql, receivedBefore: Date): Promise<number> {
  return sql.run(`delete from inbox where received_at < $1`, [receivedBefore]);
}

/**
 * @param reach how far an erasure of the lead has to reach because of the event
 * @returns false when this event of the lead was worked before
 */
export async function markEvent(tx: Tx, leadId: RowId, mac: Buffer, reach: Date): Promise<boolean> {
  const marked = await tx.run(
    `insert into inbox_event (lead_id, event_mac, seen_at) values ($1, $2, $3) on conflict on constraint inbox_event_pkey do nothing`,
    [leadId, mac, reach],
  );
  return marked === 1;
}

/**
 * The kinds of answer that the lead is about to get; a welcome also when Meta took one at or after `welcomeSince`.
 * Exact only while the lead is locked.
 */
export async function answersUnderWay(tx: Tx, leadId: RowId, welcomeSince: Date): Promise<ReadonlySet<string>> {
  const rows = await tx.rows<{ kind: string }>(
    `select distinct kind from reply where lead_id = $1 and kind in ('welcome', 'ask_subscribe', 'notice_link', 'my_consent', 'my_data', 'ask_erasure')
       and (status in ('pending', 'sending') or (kind = 'welcome' and status = 'accepted' and created_at >= $2))`,
    [leadId, welcomeSince],
  );
  return new Set(rows.map(({ kind }) => kind));
}

/**
 * Whether the person was asked whether they mean it: a button that lies in the thread for long erases nobody by accident.
 *
 * @param sentBefore when the question must have been on its way; null when only somebody who has it can answer it
 */
export async function wasAskedToErase(
  tx: Tx,
  leadId: RowId,
  { since, sentBefore }: { readonly since: Date; readonly sentBefore: Date | null },
): Promise<boolean> {
  const row = await tx.first(
    `select from reply where lead_id = $1 and kind = 'ask_erasure' and status in ('sending', 'accepted', 'uncertain')
       and created_at >= $2 and ($3::timestamptz is null or coalesce(post_started_at, claimed_at) < $3) limit 1`,
    [leadId, since, sentBefore],
  );
  return row !== undefined;
}

export function deleteEventsBefore(sql: Sql, seenBefore: Date): Promise<number> {
  return sql.run(`delete from inbox_event where seen_at < $1`, [seenBefore]);
}

/** Reads the list of opt-outs that were brought along. */
export async function isSuppressed(tx: Tx, pageId: RowId, personMac: Buffer): Promise<boolean> {
  const row = await tx.first(`select from suppression where page_id = $1 and person_mac = $2`, [pageId, personMac]);
  return row !== undefined;
}

/** Whether a body has been due for a second. */
export async function hasWaitingBody(sql: Sql): Promise<boolean> {
  const row = await sql.first(
    `select 1 as waiting from inbox where due_at <= clock_timestamp() - interval '1 second' limit 1`,
  );
  return row !== undefined;
}
