import type { Sql } from '../sql.types';
import { readNewestDeletion, readTablesBefore, vacuum } from './vacuum.store';

/** The clock of the database may be so far behind or ahead of ours. */
const CLOCKS_MS = 60_000;

/**
 * Has PostgreSQL clear away what erasures have deleted, which it does by itself only when a good part of a table has changed. What lay in
 * deleted rows is ciphertext, hashes and random ids; this takes their entries out of the indexes and frees their place to be written over.
 *
 * @returns how many tables
 */
export const makeVacuumTables =
  ({ db }: { readonly db: Sql }) =>
  async (): Promise<number> => {
    const deletedAt = await readNewestDeletion(db);
    if (deletedAt === null) return 0;
    const tables = await readTablesBefore(db, new Date(deletedAt.getTime() + CLOCKS_MS));
    for (const table of tables) await vacuum(db, table);
    return tables.length;
  };
