import type { Database, Tx } from '../sql.types';
import type { FootprintStore, Piece, SizedStore } from './footprint.types';

const BLOCKS = 128;

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

/** The same, each table for itself. Its control is a row that the statement adds to the first ones of the table. */
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

async function* readTable(
  db: Database,
  { table, blocks }: { readonly table: Table; readonly blocks: number },
  control: Buffer,
): AsyncGenerator<Piece> {
  for (let from = 0; from <= blocks; from += BLOCKS)
    yield* await readBlocks(db, table, from, from === 0 ? control : null);
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

/**
 * Rows of some blocks of a table. Names come from the catalogue, quoted there.
 *
 * @param added a row beside them
 */
async function readBlocks(
  sql: Pick<Tx, 'rows'>,
  { name, columns }: Table,
  from: number,
  added: Buffer | null = null,
): Promise<Piece[]> {
  const selected = columns.map(({ column, isBytes }, at) => {
    const quoted = `"${column.replaceAll('"', '""')}"`;
    return `${isBytes ? quoted : `convert_to(${quoted}::text, 'UTF8')`} as c${String(at)}`;
  });
  const rows = await sql.rows<Record<string, Buffer | null>>(
    `select ${selected.join(', ')} from ${name} where ctid >= $1::tid and ctid < $2::tid
      union all select ${columns.map((_, at) => (at === 0 ? '$3::bytea' : 'null::bytea')).join(', ')}`,
    [`(${String(from)},0)`, `(${String(from + BLOCKS)},0)`, added],
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
