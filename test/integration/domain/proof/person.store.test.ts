import { leavesBetween } from '../../../../src/domain/proof/person.store';
import { openDatabase } from '../../../../src/platform/postgres/database';
import { createTestDatabase } from '../../../support/database';

const DAY_MS = 86_400_000;
const SIZE = 1_000;
const start = new Date('2026-01-01T00:00:00.000Z').getTime();
const day = (days: number): Date => new Date(start + days * DAY_MS);

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let db: Awaited<ReturnType<typeof openDatabase>>;
beforeAll(async () => {
  database = await createTestDatabase();
  db = await openDatabase({ url: database.url, poolSize: 1, applicationName: 'person-store-test' });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

/** Checkpoints of these sizes, signed on these days. */
async function signed(checkpoints: readonly (readonly [size: number, days: number])[]): Promise<void> {
  await db.run('delete from ledger_checkpoint');
  for (const [size, days] of checkpoints) {
    await db.run(`insert into ledger_checkpoint (size, root, note, signed_at) values ($1, '', '', $2)`, [
      size,
      day(days),
    ]);
  }
}
const between = (from: number, to: number) =>
  leavesBetween(db, { from: day(from), to: day(to), slackMs: 7 * DAY_MS }, SIZE);

it('are those signed from before the range until a week after it', async () => {
  await signed([
    [10, 1],
    [20, 2],
    [30, 3],
    [40, 9.5],
    [50, 11],
    [60, 12],
  ]);
  expect(await between(2.5, 3.5)).toEqual({ from: 20, to: 50 });
  expect(await between(0, 1)).toEqual({ from: 0, to: 40 });
});

it('reach back over clocks that differ by minutes', async () => {
  await signed([
    [10, 1],
    [20, 2],
    [30, 2.1],
  ]);
  expect(await between(2 + 3 / 1_440, 3)).toEqual({ from: 10, to: SIZE });
  expect(await between(2 + 10 / 1_440, 3)).toEqual({ from: 20, to: SIZE });
});

it('are all that came later, when the log stood still after the range: its backlog takes several checkpoints', async () => {
  await signed([
    [10, 1],
    [20, 30],
    [30, 30.001],
    [40, 60],
  ]);
  expect(await between(1.5, 2)).toEqual({ from: 10, to: SIZE });
});

it('are all there are without a checkpoint around the range', async () => {
  await signed([]);
  expect(await between(1, 2)).toEqual({ from: 0, to: SIZE });
});
