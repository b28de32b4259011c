import { reserveSlots, throttlePage } from '../../../../src/domain/delivery';
import { releaseLane, takeLane } from '../../../../src/domain/delivery/lane.store';
import type { Sql } from '../../../../src/domain/sql.types';
import { openDeliveryWorld, type DeliveryWorld } from './delivery-world';

let world: DeliveryWorld;
beforeAll(async () => {
  world = await openDeliveryWorld();
});
afterAll(() => world.close());

const nextFree = async (pageId: string): Promise<number> => {
  const row = await world.db.first<{ ms: number }>(
    'select (extract(epoch from next_free_at) * 1000)::float8 as ms from page_pace where page_id = $1',
    [pageId],
  );
  return row!.ms;
};

it('gives each reservation its own slots, without a gap, however many ask at once', async () => {
  const page = await world.addPage();
  await world.db.run(`update page_pace set next_free_at = clock_timestamp() + interval '1 second' where page_id = $1`, [
    page.id,
  ]);
  const before = await nextFree(page.id);
  const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => reserveSlots(world.db, page.id, n + 1, 10)));
  expect(answers.every((answer) => answer.kind === 'reserved')).toBe(true);
  expect((await nextFree(page.id)) - before).toBeCloseTo(780, 0);
});

it('answers the delay until the first slot, and starts now after a pause without catching up', async () => {
  const page = await world.addPage();
  const first = await reserveSlots(world.db, page.id, 10, 50);
  const second = await reserveSlots(world.db, page.id, 1, 50);
  expect(first.delayMs).toBeLessThanOrEqual(0);
  expect(first.delayMs).toBeGreaterThan(-50);
  expect(second.delayMs).toBeGreaterThan(350);
  expect(second.delayMs).toBeLessThanOrEqual(500);
  await world.db.run(`update page_pace set next_free_at = clock_timestamp() - interval '1 hour' where page_id = $1`, [
    page.id,
  ]);
  const later = await reserveSlots(world.db, page.id, 1, 50);
  expect(later.delayMs).toBeGreaterThan(-50);
});

it('does not stall when the server clock was set back', async () => {
  const page = await world.addPage();
  await world.db.run(`update page_pace set next_free_at = clock_timestamp() + interval '1 hour' where page_id = $1`, [
    page.id,
  ]);
  const answer = await reserveSlots(world.db, page.id, 1, 50);
  expect(answer.delayMs).toBeLessThanOrEqual(10_000);
});

it('reserves in one statement whose commit does not wait for the disk', async () => {
  const page = await world.addPage();
  const setting = async (sql: Sql) =>
    (await sql.first<{ mode: string }>(`select current_setting('synchronous_commit') as mode`))!.mode;
  const within = await world.db.transaction(async (tx) => {
    let statements = 0;
    const first = <Row>(text: string, values?: readonly unknown[]) => {
      statements += 1;
      return tx.first<Row>(text, values);
    };
    await reserveSlots({ ...tx, first }, page.id, 1, 50);
    return { statements, mode: await setting(tx) };
  });
  expect(within).toEqual({ statements: 1, mode: 'off' });
  expect(await setting(world.db)).not.toBe('off');
});

it('gives no slot while the Page is throttled, and says for how long', async () => {
  const page = await world.addPage();
  await throttlePage(world.db, page.id, 30_000);
  const before = await nextFree(page.id);
  const answer = await reserveSlots(world.db, page.id, 5, 50);
  expect(answer.kind).toBe('throttled');
  expect(answer.delayMs).toBeGreaterThan(25_000);
  expect(await nextFree(page.id)).toBe(before);
});

it('lets two chunks of a Page work and no third; a lease that ran out is free again', async () => {
  const page = await world.addPage();
  const holders = [world.deps.ids.uuid(), world.deps.ids.uuid(), world.deps.ids.uuid()] as const;
  expect(await takeLane(world.db, page.id, 1, holders[0])).toBe(1);
  expect(await takeLane(world.db, page.id, 1, holders[1])).toBe(0);
  expect(await takeLane(world.db, page.id, 0, holders[2])).toBeNull();
  await world.db.run(
    `update page_lane set held_until = clock_timestamp() - interval '1 second' where page_id = $1 and lane = 1`,
    [page.id],
  );
  expect(await takeLane(world.db, page.id, 0, holders[2])).toBe(1);
  expect(await releaseLane(world.db, page.id, 1, holders[0])).toBe(0);
  expect(await releaseLane(world.db, page.id, 1, holders[2])).toBe(1);
});
