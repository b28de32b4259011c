import { groupBy } from '../../../kernel/group-by';
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

/** What those outside have; where there is none of them, what the built-in time-stamp has. */
const preferOutside = <Row extends { readonly class: AnchorClass }>(rows: readonly Row[]): readonly Row[] => {
  const outside = rows.filter((row) => row.class !== 'self');
  return outside.length > 0 ? outside : rows;
};

/**
 * Sizes of the anchored checkpoints next to a leaf, up to `most`: of each service outside the last that does not hold it and the
 * first that does, for whoever verifies may trust any one of them alone. Where there is none, the built-in time-stamp's.
 */
export async function sizesAround(
  sql: Sql,
  index: number,
  most: number,
): Promise<{ readonly before: readonly number[]; readonly after: readonly number[] }> {
  const rows = await sql.rows<{ class: AnchorClass; before: string | null; after: string | null }>(
    `select s.class,
       (select a.size from anchor a where a.name = s.name and a.size <= least($1::bigint, $2::bigint)
         order by a.size desc limit 1) as before,
       (select a.size from anchor a where a.name = s.name and a.size > $1 and a.size <= $2 order by a.size limit 1) as after
      from anchor_service s`,
    [index, most],
  );
  const sizesOf = (side: 'before' | 'after'): number[] => {
    const sizes = preferOutside(rows.filter((row) => row[side] !== null)).map((row) => Number(row[side]));
    return [...new Set(sizes)].sort((a, b) => a - b);
  };
  return { before: sizesOf('before'), after: sizesOf('after') };
}

/** Of each service outside, and each day, the size of the last checkpoint it anchored, up to `to`; without any, the built-in's. */
export async function dailySizes(sql: Sql, to: number): Promise<number[][]> {
  const rows = await sql.rows<{ name: string; class: AnchorClass; size: string }>(
    `select name, class, max(size) as size from anchor where size <= $1
      group by name, class, date_trunc('day', anchored_at, 'UTC') order by 3`,
    [to],
  );
  const byService = groupBy(preferOutside(rows), ({ name }) => name);
  return [...byService.values()].map((days) => days.map(({ size }) => Number(size)));
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
