import type { Log } from '../../kernel/log';
import type { OpenLead } from '../leads';
import type { RowId, Sql } from '../sql.types';
import { footprintText } from './certificate.rules';
import { recordFootprints } from './erasure.store';
import type { CheckFootprint } from './erasure.types';

/** What named a person whose rows are gone. It lies in memory alone, from the transaction that deleted them until it was looked for. */
export interface Remembered {
  readonly erasureId: RowId;
  readonly values: readonly Buffer[];
}

/** @param entryIds of the person's entries in the log, while they are known */
export const remember = (
  erasureId: RowId,
  { psid, row }: Pick<OpenLead, 'psid' | 'row'>,
  entryIds: readonly string[],
): Remembered => ({
  erasureId,
  values: [psid, row.uuid, row.subjectRef.toString('hex'), ...entryIds].map((value) => Buffer.from(value)),
});

export function forget(people: readonly Remembered[]): void {
  for (const value of people.flatMap(({ values }) => values)) value.fill(0);
}

export interface CheckRoundDeps {
  readonly db: Sql;
  readonly log: Log;
  readonly checkFootprint: CheckFootprint;
}

/** One look for everybody of a round, and what their certificates say of it. What is found is told, and nobody's certificate waits for it. */
export async function checkRound(
  { db, log, checkFootprint }: CheckRoundDeps,
  people: readonly Remembered[],
): Promise<void> {
  if (people.length === 0) return;
  try {
    const { found, people: each, ...shared } = await checkFootprint(people.map(({ values }) => values));
    for (const { store, count } of found) log.error('erasures.footprint_found', { store, count });
    const texts = people.flatMap(({ erasureId }, at) => {
      const of = each[at];
      return of === undefined ? [] : [{ erasureId, text: footprintText({ ...shared, ...of }) }];
    });
    await recordFootprints(db, texts);
  } finally {
    forget(people);
  }
}
