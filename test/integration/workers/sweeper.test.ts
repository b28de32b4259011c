import type { Log } from '../../../src/kernel/log';
import { openDatabase, type OpenDatabase } from '../../../src/platform/postgres/database';
import { startSweeper } from '../../../workers/sweeper';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { until } from '../../support/until';

let test: TestDatabase;
let db: OpenDatabase;

beforeAll(async () => {
  test = await createTestDatabase();
  db = await openDatabase({ url: test.url, poolSize: 6, applicationName: 'sweeper-test' });
});

afterAll(async () => {
  await db.close();
  await test.drop();
});

const silent: Log = { event: () => undefined, warn: () => undefined, error: () => undefined };

describe('startSweeper', () => {
  it('lets one process sweep at a time', async () => {
    let running = 0;
    let most = 0;
    let runs = 0;
    const run = async () => {
      running += 1;
      most = Math.max(most, running);
      await db.run('select pg_sleep(0.03)');
      running -= 1;
      runs += 1;
    };
    const sweepers = [1, 2, 3].map(() =>
      startSweeper({ db, log: silent, everyMs: 5, lock: 'sweep', sweeps: [{ name: 'one', run }] }),
    );
    await until('several sweeps', () => runs >= 6);
    await Promise.all(sweepers.map((sweeper) => sweeper.stop()));
    expect(most).toBe(1);
  });

  it('goes on after a sweep that failed, and runs the others', async () => {
    const warned: unknown[] = [];
    let others = 0;
    const sweeper = startSweeper({
      db,
      log: { ...silent, warn: (name, fields) => warned.push({ name, ...fields }) },
      everyMs: 5,
      lock: 'sweep',
      sweeps: [
        { name: 'broken', run: () => Promise.reject(new RangeError('hidden')) },
        {
          name: 'stuck',
          run: () => Promise.reject(new AggregateError([new TypeError('hidden'), new RangeError(), new TypeError()])),
        },
        {
          name: 'other',
          run: () => {
            others += 1;
            return Promise.resolve();
          },
        },
      ],
    });
    await until('three rounds', () => others >= 3);
    await sweeper.stop();
    // Not again in every round.
    expect(warned).toEqual([
      { name: 'sweep.failed', job: 'broken', code: 'RangeError', count: 1 },
      { name: 'sweep.failed', job: 'stuck', code: 'TypeError', count: 2 },
      { name: 'sweep.failed', job: 'stuck', code: 'RangeError', count: 1 },
    ]);
    expect(JSON.stringify(warned)).not.toContain('hidden');
  });

  it('ends when it is told to', async () => {
    let runs = 0;
    const sweeper = startSweeper({
      db,
      log: silent,
      everyMs: 1,
      lock: 'housekeeping',
      sweeps: [{ name: 'one', run: () => Promise.resolve((runs += 1)) }],
    });
    await until('a sweep', () => runs > 0);
    await sweeper.stop();
    const after = runs;
    await db.run('select pg_sleep(0.05)');
    expect(runs).toBe(after);
  });
});
