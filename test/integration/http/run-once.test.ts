import { randomBytes, randomUUID } from 'node:crypto';
import type { Principal } from '../../../src/domain/accounts';
import { forgetIdempotencyKeys, runOnce, type KeyedWork } from '../../../src/http/idempotency';
import type { Reply } from '../../../src/http/route';
import { InvariantError } from '../../../src/kernel/errors';
import { randomIds } from '../../../src/kernel/ids';
import { openDatabase, type OpenDatabase } from '../../../src/platform/postgres/database';
import { createTestDatabase, type TestDatabase } from '../../support/database';

let database: TestDatabase;
let db: OpenDatabase;
let principal: Principal;
let nowMs = Date.parse('2026-11-23T10:00:00Z');

beforeAll(async () => {
  database = await createTestDatabase();
  db = await openDatabase({ url: database.url, poolSize: 4, applicationName: 'run-once-test' });
  const account = await db.first<{ id: string }>(
    `insert into account (public_id, email_index, email_ct, name_ct, created_at)
     values ($1, $2, '', '', now()) returning id`,
    [randomUUID(), randomBytes(16)],
  );
  principal = { accountId: account!.id, accountUuid: randomUUID(), scopes: [], apiKeyUuid: randomUUID() };
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

interface Attempt {
  readonly resourceId: string;
  readonly isResumed: boolean;
}

const call = (key: string, run: (attempt: Attempt) => Promise<Reply>): Promise<Reply> => {
  const deps = {
    sql: db,
    ids: randomIds,
    clock: { now: () => new Date(nowMs), monotonicMs: () => nowMs },
    fingerprintKey: () => Buffer.alloc(32, 1),
  };
  const work: KeyedWork = {
    run,
    replay: (remembered, status) => Promise.resolve({ status, body: { replayed: remembered } }),
  };
  return runOnce(deps, { principal, key, method: 'post', path: '/', bytes: Buffer.from('{}') }, work);
};

describe('runOnce', () => {
  it('after a fault runs again at once, under the same id, and says so', async () => {
    const attempts: Attempt[] = [];
    await expect(
      call('fault', (attempt) => {
        attempts.push(attempt);
        return Promise.reject(new InvariantError('lost', 'the commit may or may not have happened'));
      }),
    ).rejects.toThrow(InvariantError);
    await call('fault', (attempt) => {
      attempts.push(attempt);
      return Promise.resolve({ status: 201 });
    });
    expect(attempts.map(({ isResumed }) => isResumed)).toEqual([false, true]);
    expect(attempts[1]?.resourceId).toBe(attempts[0]?.resourceId);
  });

  it('lets a call that woke up too late change nothing about the one that took over', async () => {
    let late: (reply: Reply) => void = () => undefined;
    const first = call('late', () => new Promise<Reply>((resolve) => (late = resolve)));
    await new Promise((resolve) => setImmediate(resolve));
    while ((await db.rows('select 1 from idempotency_key where state = $1', ['running'])).length === 0);
    nowMs += 61_000;
    let second: (reply: Reply) => void = () => undefined;
    let isSecondRunning = false;
    const takenOver = call('late', () => {
      isSecondRunning = true;
      return new Promise<Reply>((resolve) => (second = resolve));
    });
    while (!isSecondRunning) await db.run('select 1');
    late({ status: 201, remember: 'the late one' });
    await first;
    await expect(call('late', () => Promise.resolve({ status: 201 }))).rejects.toMatchObject({
      code: 'idempotency_in_progress',
    });
    second({ status: 201, remember: 'the one that counts' });
    await takenOver;
    const replayed = await call('late', () => Promise.reject(new Error('it ran a third time')));
    expect(replayed).toEqual({ status: 201, body: { replayed: 'the one that counts' } });
  });

  it('is forgotten by housekeeping a day later, and not before', async () => {
    await db.run(`update idempotency_key set created_at = now() - interval '23 hours'`);
    expect(await forgetIdempotencyKeys(db)).toBe(0);
    await db.run(`update idempotency_key set created_at = now() - interval '25 hours'`);
    expect(await forgetIdempotencyKeys(db)).toBe(2);
  });
});
