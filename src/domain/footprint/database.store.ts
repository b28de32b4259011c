import type { Database, Tx } from '../sql.types';
import type { FootprintStore, Piece, SizedStore } from './footprint.types';

const BLOCKS = 128;
/** In one piece, which is held in memory beside what it refers to outside of its blocks. */
const PIECE_BLOCKS = 32;

interface Column {
  readonly table: string;
  readonly column: string;
  readonly isBytes: boolean;
}

interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
}

/** Every column of every table of this installation, those of the queue too, as a query sees them: decompressed, and bytes as bytes. */
export const databaseFootprint = (db: Database): FootprintStore => ({
  name: 'database',
  read: (control) => readDatabase(db, control),
});

/** A transaction takes a function, and a reader asks for pieces: each table is read in a transaction of its own. */
async function* readDatabase(db: Database, control: Buffer): AsyncGenerator<Piece> {
  yield* await db.transaction((tx) => readControl(tx, control));
  for (const table of await db.transaction(readTables)) {
    const blocks = await db.first<{ blocks: string }>(
      `select pg_relation_size($1::regclass) / current_setting('block_size')::bigint + 1 as blocks`,
      [table.name],
    );
    for (let from = 0; from < Number(blocks?.blocks ?? 0); from += BLOCKS) yield* await readBlocks(db, table, from);
  }
}

/** Read by the same statements as everything else, from a table that nobody else sees and that goes with the transaction. */
async function readControl(tx: Tx, control: Buffer): Promise<Piece[]> {
  await tx.run('create temp table footprint_control (raw bytea, words text) on commit drop');
  await tx.run(`insert into footprint_control values ($1, 'control')`, [control]);
  const tables = (await readTables(tx)).filter(({ name }) => name.endsWith('.footprint_control'));
  return (await Promise.all(tables.map((table) => readBlocks(tx, table, 0)))).flat();
}

/** The same, each table for itself. Its control is what the statement adds to the first rows of the table. */
export async function databaseTables(db: Database): Promise<SizedStore[]> {
  const sizes = await db.rows<{ table: string; bytes: number; blocks: number }>(
    `select format('%I.%I', n.nspname, c.relname) as table, pg_table_size(c.oid)::float8 as bytes,
       (pg_relation_size(c.oid) / current_setting('block_size')::bigint)::float8 as blocks
      from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'm')`,
  );
  const sizeOf = new Map(sizes.map((size) => [size.table, size]));
  return (await readTables(db)).map((table) => {
    const { bytes = 0, blocks = 0 } = sizeOf.get(table.name) ?? {};
    return { name: table.name, bytes, read: (control) => readTable(db, { table, blocks }, control) };
  });
}

/**
 * Some blocks in one piece, each value behind an empty byte: a row for each value would cost ten times as much. Nothing that is looked for
 * goes on behind such a byte in another value but by chance.
 */
async function* readTable(
  db: Database,
  { table, blocks }: { readonly table: Table; readonly blocks: number },
  control: Buffer,
): AsyncGenerator<Piece> {
  const values = table.columns.map((column) => `coalesce(${bytesOf(column)}, '')`);
  const text = `select coalesce(string_agg(${values.join(` || '\\x00'::bytea || `)}, '\\x00'), '') || $3::bytea as bytes
    from ${table.name} where ctid >= $1::tid and ctid < $2::tid`;
  for (let from = 0; from <= blocks; from += PIECE_BLOCKS) {
    const range = [`(${String(from)},0)`, `(${String(from + PIECE_BLOCKS)},0)`];
    const row = await db.first<{ bytes: Buffer }>(text, [...range, from === 0 ? control : Buffer.alloc(0)]);
    if (row !== undefined) yield { place: table.name, bytes: row.bytes, isNew: true };
  }
}

async function readTables(tx: Pick<Tx, 'rows'>): Promise<Table[]> {
  const columns = await tx.rows<Column>(
    `select format('%I.%I', n.nspname, c.relname) as table, a.attname as column, t.typname = 'bytea' as "isBytes"
      from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
        join pg_type t on t.oid = a.atttypid
     where c.relkind in ('r', 'm') and a.attnum > 0 and not a.attisdropped
       and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
       and (n.nspname not like 'pg\\_temp%' or n.oid = pg_my_temp_schema())
     order by 1, a.attnum`,
  );
  const names = [...new Set(columns.map(({ table }) => table))];
  return names.map((name) => ({ name, columns: columns.filter(({ table }) => table === name) }));
}

function bytesOf({ column, isBytes }: Column): string {
  const quoted = `"${column.replaceAll('"', '""')}"`;
  return isBytes ? quoted : `convert_to(${quoted}::text, 'UTF8')`;
}

/** Rows of some blocks of a table. Names come from the catalogue, quoted there. */
async function readBlocks(sql: Pick<Tx, 'rows'>, { name, columns }: Table, from: number): Promise<Piece[]> {
  const selected = columns.map((column, at) => `${bytesOf(column)} as c${String(at)}`);
  const rows = await sql.rows<Record<string, Buffer | null>>(
    `select ${selected.join(', ')} from ${name} where ctid >= $1::tid and ctid < $2::tid`,
    [`(${String(from)},0)`, `(${String(from + BLOCKS)},0)`],
  );
  return rows.flatMap((row) =>
    columns.flatMap(({ column }, at): Piece[] => {
      const bytes = row[`c${String(at)}`] ?? null;
      return bytes === null ? [] : [{ place: `${name}.${column}`, bytes, isNew: true }];
    }),
  );
}

/** Where the server keeps its files, if it says so. */
export async function dataDirectory(db: Database): Promise<string | null> {
  const row = await db.first<{ setting: string }>(`select setting from pg_settings where name = 'data_directory'`);
  return row?.setting ?? null;
}
