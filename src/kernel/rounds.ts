/** Before every row: ids are positive. */
const START = '0';

/** Where a round goes on, and how much it takes. */
export interface RoundPart {
  readonly after: string;
  readonly limit: number;
}

/** Rows of one round. @param read at most `limit` rows whose ids are behind `after`, in their order */
export type NextRound<Row> = (read: (part: RoundPart) => Promise<readonly Row[]>) => Promise<readonly Row[]>;

/**
 * Takes up some rows in each round, and the first again after the last: those that cannot go on must not fill every round.
 *
 * @param most rows of one round
 */
export function inRounds<Row>(most: number, idOf: (row: Row) => string): NextRound<Row> {
  let after = START;
  return async (read) => {
    const rows = await read({ after, limit: most });
    const last = rows.at(-1);
    after = rows.length < most || last === undefined ? START : idOf(last);
    return rows;
  };
}
