import { oneByOne } from '../../kernel/one-by-one';
import type { Sql } from '../sql.types';
import { isSeenFromBefore, readNewestDeletion, readTablesBefore, vacuum } from './vacuum.store';

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
    const since = new Date(deletedAt.getTime() + CLOCKS_MS);
    // Whoever still sees the rows keeps them from being cleared away: the next round tries again.
    if (await isSeenFromBefore(db, since)) return 0;
    const tables = await readTablesBefore(db, since);
    const turns = oneByOne();
    for (const table of tables) await turns.try(() => vacuum(db, table));
    turns.finish();
    return tables.length;
  };
