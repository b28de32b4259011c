import type { Sql } from '../../sql.types';
import type { AnchorClass, AnchorService, AnchorToken } from './anchor.types';

export interface ServiceState {
  readonly name: string;
  readonly class: AnchorClass;
  readonly lastSize: number | null;
  readonly lastAnchoredAt: Date | null;
  readonly failures: number;
  readonly lastFault: string | null;
  readonly dueAt: Date;
}

export async function readServices(sql: Sql): Promise<ServiceState[]> {
  const rows = await sql.rows<Omit<ServiceState, 'lastSize'> & { lastSize: string | null }>(
    `select name, class, last_size as "lastSize", last_anchored_at as "lastAnchoredAt", failures,
       last_fault as "lastFault", due_at as "dueAt" from anchor_service order by class, name`,
  );
  return rows.map((row) => ({ ...row, lastSize: row.lastSize === null ? null : Number(row.lastSize) }));
}

export async function recordAnchor(
  sql: Sql,
  { name, class: kind }: AnchorService,
  size: number,
  token: AnchorToken,
  dueAt: Date,
): Promise<void> {
  await sql.run(
    `with kept as (
       insert into anchor (size, name, class, token, certificates, anchored_at) values ($1, $2, $3, $4, $5, $6)
       on conflict (size, name) do nothing
     )
     insert into anchor_service (name, class, last_size, last_anchored_at, attempted_at, failures, last_fault, due_at)
     values ($2, $3, $1, $6, clock_timestamp(), 0, null, $7)
     on conflict (name) do update set class = excluded.class, last_size = excluded.last_size,
       last_anchored_at = excluded.last_anchored_at, attempted_at = excluded.attempted_at, failures = 0, last_fault = null,
       due_at = excluded.due_at`,
    [size, name, kind, token.token, token.certificates, token.anchoredAt, dueAt],
  );
}

export async function recordFault(
  sql: Sql,
  { name, class: kind }: AnchorService,
  fault: string,
  dueAt: Date,
): Promise<void> {
  await sql.run(
    `insert into anchor_service (name, class, attempted_at, failures, last_fault, due_at)
     values ($1, $2, clock_timestamp(), 1, $3, $4)
     on conflict (name) do update set class = excluded.class, attempted_at = excluded.attempted_at,
       failures = anchor_service.failures + 1, last_fault = excluded.last_fault, due_at = excluded.due_at`,
    [name, kind, fault, dueAt],
  );
}

export interface StoredAnchor extends AnchorToken {
  readonly size: number;
  readonly name: string;
  readonly class: AnchorClass;
}

const ANCHOR = `a.size, a.name, a.class, a.token, a.certificates, a.anchored_at as "anchoredAt"`;

export async function readAnchors(sql: Sql, sizes: readonly number[]): Promise<StoredAnchor[]> {
  const rows = await sql.rows<Omit<StoredAnchor, 'size'> & { size: string }>(
    `select ${ANCHOR} from anchor a where a.size = any($1::bigint[]) order by a.size, a.class desc, a.name`,
    [sizes],
  );
  return rows.map((row) => ({ ...row, size: Number(row.size) }));
}

const nearest = (condition: string, order: string): string =>
  `(select size from anchor where ${condition} and class <> 'self' order by size ${order} limit 1) as outside,
   (select size from anchor where ${condition} order by size ${order} limit 1) as any`;

/**
 * Sizes of the anchored checkpoints next to a leaf: the last that does not hold it, the first that does, up to `most`. Those
 * anchored from outside come first; where there are none, the built-in time-stamp's.
 */
export async function sizesAround(
  sql: Sql,
  index: number,
  most: number,
): Promise<{ readonly before: number | null; readonly after: number | null }> {
  const find = async (text: string): Promise<number | null> => {
    const row = await sql.first<{ outside: string | null; any: string | null }>(`select ${text}`, [index, most]);
    const size = row?.outside ?? row?.any ?? null;
    return size === null ? null : Number(size);
  };
  return {
    before: await find(nearest('size <= $1 and size <= $2', 'desc')),
    after: await find(nearest('size > $1 and size <= $2', 'asc')),
  };
}

/** Of each day, the size of the last checkpoint anchored from outside, up to `to`; without any, of those the built-in time-stamp has. */
export async function dailySizes(sql: Sql, to: number): Promise<number[]> {
  const rows = await sql.rows<{ size: string }>(
    `with outside as (select exists (select from anchor where class <> 'self' and size <= $1) as found)
     select max(a.size) as size from anchor a, outside where a.size <= $1 and (a.class <> 'self' or not outside.found)
      group by date_trunc('day', a.anchored_at, 'UTC') order by 1`,
    [to],
  );
  return rows.map(({ size }) => Number(size));
}

/** Keeps of every hour before `until` only the newest checkpoint, and all that are anchored. @returns how many went */
export const deleteUnanchored = (sql: Sql, until: Date): Promise<number> =>
  sql.run(
    `delete from ledger_checkpoint c where c.signed_at < $1
       and not exists (select from anchor a where a.size = c.size)
       and exists (select from ledger_checkpoint later where later.size > c.size
         and date_trunc('hour', later.signed_at) = date_trunc('hour', c.signed_at))`,
    [until],
  );
