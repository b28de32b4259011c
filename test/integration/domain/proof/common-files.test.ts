import { sizesOver } from '../../../../src/domain/proof/common-files';
import { openDatabase } from '../../../../src/platform/postgres/database';
import { createTestDatabase } from '../../../support/database';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let db: Awaited<ReturnType<typeof openDatabase>>;
beforeAll(async () => {
  database = await createTestDatabase();
  db = await openDatabase({ url: database.url, poolSize: 1, applicationName: 'common-files-test' });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

it('takes the days of every service around a leaf, asking once in which gaps there are leaves', async () => {
  expect(await sizesOver(db, 0, 99, () => Promise.reject(new Error('there is no gap to ask about')))).toEqual({
    before: null,
    at: [],
  });
  for (const [size, day, name, kind] of [
    [10, 1, 'tsa.test', 'tsa'],
    [12, 1, 'w1', 'witness'],
    [20, 2, 'w1', 'witness'],
    [25, 2, 'tsa.test', 'tsa'],
    [30, 3, 'w1', 'witness'],
    [33, 3, 'tsa.test', 'tsa'],
  ] as const) {
    const at = new Date(Date.UTC(2026, 0, day));
    await db.run(`insert into ledger_checkpoint (size, root, note, signed_at) values ($1, '', '', $2)`, [size, at]);
    await db.run(`insert into anchor (size, name, class, token, anchored_at) values ($1, $2, $3, '', $4)`, [
      size,
      name,
      kind,
      at,
    ]);
  }
  const asked: (readonly number[])[] = [];
  const over = (gap: number) =>
    sizesOver(db, 0, 99, (bounds) => {
      asked.push(bounds);
      return Promise.resolve([gap]);
    });
  // Leaf 15: the witness has 12 before it and 20 after it, the authority 10 and 25.
  expect(await over(2)).toEqual({ before: null, at: [10, 12, 20, 25] });
  expect(await over(0)).toEqual({ before: null, at: [10, 12] });
  expect(await over(6)).toEqual({ before: null, at: [30, 33] });
  expect(asked).toEqual(Array(3).fill([10, 12, 20, 25, 30, 33]));
});
