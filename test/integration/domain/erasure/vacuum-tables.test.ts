import { makeVacuumTables } from '../../../../src/domain/erasure';
import { openProofWorld, type ProofWorld } from '../proof/proof-world';

let world: ProofWorld;
beforeAll(async () => {
  world = await openProofWorld();
});
afterAll(() => world.close());

const vacuumed = async (): Promise<string[]> => {
  const rows = await world.db.rows<{ name: string }>(
    `select relname as name from pg_stat_user_tables where schemaname = 'public' and last_vacuum is not null`,
  );
  return rows.map(({ name }) => name);
};
const run = () => makeVacuumTables(world)();

it('clears away what an erasure deleted, once, and nothing before there was one', async () => {
  expect(await run()).toBe(0);
  await world.db.run(
    `insert into account_erasure (account_id, public_id, code, state, asked_at, confirm_until, rows_deleted_at, certificate)
     values (1, gen_random_uuid(), 'c', 'complete', now(), now(), now() - interval '30 seconds', 'c')`,
  );
  await world.db.transaction(async (tx) => {
    await tx.run('set transaction isolation level repeatable read');
    await tx.run('select from lead');
    expect(await run()).toBe(0);
  });
  expect(await run()).toBeGreaterThan(10);
  expect(await vacuumed()).toEqual(expect.arrayContaining(['lead', 'ledger_opening', 'ledger_leaf', 'delivery']));
  await world.db.run(`update account_erasure set rows_deleted_at = now() - interval '2 minutes'`);
  expect(await run()).toBe(0);
  await world.db.run(`update account_erasure set rows_deleted_at = now()`);
  expect(await run()).toBeGreaterThan(10);
});
