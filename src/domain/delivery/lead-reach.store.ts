import type { RowId, Sql } from '../sql.types';
import { UNREACHABLE_AFTER } from './outcome.rules';

/** Leads are locked in id order, in a statement of its own: nothing of theirs is locked before. */
const LOCKED = `with locked as materialized (select id from lead where id = any($1::bigint[]) order by id for update)`;

/** Counts a message that could not be delivered; the third in a row makes a lead unreachable until it writes again. */
export const countUnavailable = (sql: Sql, leadIds: readonly RowId[]): Promise<number> =>
  sql.run(
    `${LOCKED} update lead l set failed_in_a_row = l.failed_in_a_row + 1,
       unreachable_at = case when l.failed_in_a_row + 1 >= ${UNREACHABLE_AFTER}
         then coalesce(l.unreachable_at, clock_timestamp()) else l.unreachable_at end
      from locked where l.id = locked.id`,
    [leadIds],
  );

/** Meta knows nobody under this id. */
export const markUnknown = (sql: Sql, leadIds: readonly RowId[]): Promise<number> =>
  sql.run(
    `${LOCKED} update lead l set failed_in_a_row = l.failed_in_a_row + 1,
       unreachable_at = coalesce(l.unreachable_at, clock_timestamp())
      from locked where l.id = locked.id`,
    [leadIds],
  );

/** A message got through: the row of failures is over. */
export const clearFailures = (sql: Sql, leadIds: readonly RowId[]): Promise<number> =>
  sql.run(
    `${LOCKED} update lead l set failed_in_a_row = 0 from locked where l.id = locked.id and l.failed_in_a_row > 0`,
    [leadIds],
  );
