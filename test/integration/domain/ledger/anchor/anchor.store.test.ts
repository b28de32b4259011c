import { dailySizes, sizesAround } from '../../../../../src/domain/ledger';
import { openDatabase } from '../../../../../src/platform/postgres/database';
import { createTestDatabase } from '../../../../support/database';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let db: Awaited<ReturnType<typeof openDatabase>>;
beforeAll(async () => {
  database = await createTestDatabase();
  db = await openDatabase({ url: database.url, poolSize: 1, applicationName: 'anchor-store-test' });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

it('has a word of each service around a leaf, for whoever trusts only one of them', async () => {
  await db.run(
    `insert into anchor_service (name, class, due_at)
     values ('tsa.test', 'tsa', now()), ('w1', 'witness', now()), ('self', 'self', now())`,
  );
  for (const [size, name, kind] of [
    [2, 'tsa.test', 'tsa'],
    [3, 'w1', 'witness'],
    [4, 'w1', 'witness'],
    [5, 'self', 'self'],
    [6, 'w1', 'witness'],
    [8, 'tsa.test', 'tsa'],
  ] as const) {
    await db.run(`insert into ledger_checkpoint (size, root, note, signed_at) values ($1, '', '', now())`, [size]);
    await db.run(
      `insert into anchor (size, name, class, token, anchored_at) values ($1, $2, $3, '', '2026-11-23T12:00:00Z')`,
      [size, name, kind],
    );
  }
  expect(await sizesAround(db, 5, 9)).toEqual({ before: [2, 4], after: [6, 8] });
  expect((await dailySizes(db, 9)).toSorted()).toEqual([[6], [8]]);
});
