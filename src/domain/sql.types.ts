/** PostgreSQL bigint, kept as text: it does not fit a JavaScript number. Internal; never leaves the program. */
export type RowId = string;

/** What a store may do with the database. Values always travel as parameters, never inside the text. */
export interface Sql {
  /** The rows a statement returns (SELECT, or anything with RETURNING). */
  rows<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** The first row, or undefined. */
  first<Row>(text: string, values?: readonly unknown[]): Promise<Row | undefined>;
  /** Runs a statement and answers how many rows it touched. */
  run(text: string, values?: readonly unknown[]): Promise<number>;
}

/** `Sql` inside a transaction; the brand keeps a function that needs one from being called outside. */
export interface Tx extends Sql {
  readonly inTransaction: true;
}

export interface TransactionOptions {
  /** PostgreSQL ends the session when the transaction idles longer: a frozen process must not keep its locks. */
  readonly idleTimeoutMs?: number;
}

/**
 * Runs `work` in one transaction: committed when it resolves, rolled back when it throws.
 *
 * `work` is run again, up to five times, after a deadlock or serialisation failure, so it must keep no state of its own.
 */
export type InTransaction = <T>(work: (tx: Tx) => Promise<T>, options?: TransactionOptions) => Promise<T>;

/** The database as a use case sees it. */
export interface Database extends Sql {
  readonly transaction: InTransaction;
}
