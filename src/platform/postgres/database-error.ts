import { OperationalError } from '../../kernel/errors';

interface PostgresFault {
  readonly code?: unknown;
  readonly constraint?: unknown;
}

/**
 * A fault of PostgreSQL with nothing of the data in it.
 *
 * The driver's own error quotes values (`detail`, `where`, parameters); it is dropped here, not kept as a cause.
 */
export class DatabaseError extends OperationalError<'database_error'> {
  constructor(
    readonly sqlState: string,
    readonly constraint: string | null,
  ) {
    super('database_error', `database fault ${sqlState}${constraint === null ? '' : ` on ${constraint}`}`);
  }
}

/** SQLSTATE classes 40001 and 40P01: another transaction won; the same work may be tried again. */
export const isRetryable = (error: unknown): boolean =>
  error instanceof DatabaseError && (error.sqlState === '40001' || error.sqlState === '40P01');

export function toDatabaseError(error: unknown): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const fault = (typeof error === 'object' && error !== null ? error : {}) as PostgresFault;
  const state = typeof fault.code === 'string' && /^[0-9A-Z_]{2,32}$/.test(fault.code) ? fault.code : 'connection';
  return new DatabaseError(state, typeof fault.constraint === 'string' ? fault.constraint : null);
}
