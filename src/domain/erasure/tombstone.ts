import { createHmac } from 'node:crypto';
import type { Clock } from '../../kernel/clock';
import { FURTHEST_AHEAD_MS } from '../consent';
import { dayOf } from '../day-key';
import type { DayKeys, WasErasedSince } from '../inbox';
import type { RowId, Sql, Tx } from '../sql.types';

const DAY_MS = 86_400_000;
const MAC_BYTES = 16;
/** As long as a webhook may come late and its day key lives: docs/erasure.md. */
export const TOMBSTONE_MS = 2 * DAY_MS;

/** A person of a Page, marked under a key that is destroyed after two days. */
export const tombstoneMac = (dayKey: Buffer, metaPageId: string, psid: string): Buffer =>
  createHmac('sha256', dayKey).update(`assent/tombstone/v1|${metaPageId}:${psid}`).digest().subarray(0, MAC_BYTES);

export interface Tombstone {
  readonly keyDay: number;
  readonly mac: Buffer;
  /** Whatever came until then is late. */
  readonly deletedAt: Date;
  /** And whatever is stamped until then, which is later where Meta's clock is ahead of ours. */
  readonly reach: Date;
}

/** The greatest reach of what the lead was taken in from. */
export async function readReach(tx: Tx, leadId: RowId, deletedAt: Date): Promise<Date> {
  const row = await tx.first<{ reach: Date }>(
    'select greatest(max(seen_at), $2::timestamptz) as reach from inbox_event where lead_id = $1',
    [leadId, deletedAt],
  );
  return row?.reach ?? deletedAt;
}

export async function insertTombstones(tx: Tx, rows: readonly Tombstone[]): Promise<void> {
  await tx.run(
    `insert into erasure_tombstone (key_day, person_mac, erased_at, expires_at)
     select t.key_day, t.mac, t.erased_at, t.expires_at
      from unnest($1::int[], $2::bytea[], $3::timestamptz[], $4::timestamptz[]) as t (key_day, mac, erased_at, expires_at)
     on conflict (key_day, person_mac) do update
       set erased_at = greatest(erasure_tombstone.erased_at, excluded.erased_at),
         expires_at = greatest(erasure_tombstone.expires_at, excluded.expires_at)`,
    [
      rows.map(({ keyDay }) => keyDay),
      rows.map(({ mac }) => mac),
      rows.map(({ reach }) => reach),
      rows.map(({ deletedAt }) => new Date(deletedAt.getTime() + TOMBSTONE_MS)),
    ],
  );
}

export interface TombstoneDeps {
  readonly db: Sql;
  readonly clock: Clock;
}

/** Loads the day keys that tombstones may be under. Outside of transactions; forget the result with the keys, for they are destroyed. */
export async function openTombstones({ db, clock }: TombstoneDeps, dayKeys: DayKeys): Promise<WasErasedSince> {
  const lostUntil = await readLostUntil(db);
  const today = dayOf(clock.now());
  const opened: number[] = [];
  for (const day of [today, today - 1, today - 2]) if (await dayKeys.load(day)) opened.push(day);
  return async (tx, metaPageId, { psid, eventAt, receivedAt, reach }) => {
    // Tombstones of that time are lost too: whoever is unknown now may have been erased then.
    if (lostUntil !== null && eventAt.getTime() <= lostUntil.getTime() + FURTHEST_AHEAD_MS) return true;
    const days = [...opened, ...(await readDaysAfter(tx, today))];
    const late = await tx.run(
      `update erasure_tombstone t set erased_at = greatest(t.erased_at, $5)
        from unnest($1::int[], $2::bytea[]) as k (day, mac)
        where k.day = t.key_day and k.mac = t.person_mac and (t.erased_at >= $3 or t.expires_at >= $4)`,
      [
        days,
        days.map((day) => tombstoneMac(dayKeys.get(day), metaPageId, psid)),
        eventAt,
        new Date(receivedAt.getTime() + TOMBSTONE_MS),
        reach,
      ],
    );
    return late > 0;
  };
}

/** Days that have begun since: somebody may have been erased before midnight was noticed here. */
async function readDaysAfter(tx: Tx, day: number): Promise<number[]> {
  const row = await tx.first<{ newest: number | null }>('select max(key_day) as newest from erasure_tombstone');
  const newest = row?.newest ?? day;
  return newest > day ? Array.from({ length: newest - day }, (_, n) => day + 1 + n) : [];
}

/** Null unless a backup was restored: until when what happened is not known. */
async function readLostUntil(sql: Sql): Promise<Date | null> {
  const row = await sql.first<{ at: Date | null }>('select events_lost_until as at from installation where id = 1');
  return row?.at ?? null;
}

/** @returns how many expired */
export const expireTombstones = (sql: Sql, now: Date): Promise<number> =>
  sql.run('delete from erasure_tombstone where expires_at <= $1', [now]);
