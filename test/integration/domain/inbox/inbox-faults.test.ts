import { openEntries } from '../../../../src/domain/consent';
import { until } from '../../../support/until';
import { makeDrainInbox, makeExpireInbox, makeStoreWebhook } from '../../../../src/domain/inbox';
import { bodyOf, message, newPsid, openInboxWorld, postback, type InboxWorld } from './inbox-world';

let world: InboxWorld;
beforeAll(async () => {
  world = await openInboxWorld();
});
afterAll(() => world.close());

const HOUR = 3_600_000;
const now = (): Date => world.now();

test('two workers given the first events of the same person make one lead', async () => {
  const page = await world.newPage();
  const psid = newPsid();
  const [a, b] = [message(page, psid, now(), 'one'), message(page, psid, now(), 'two')];
  let drains: Promise<unknown>[] = [];
  await world.store(bodyOf(page, a));
  await world.store(bodyOf(page, b));
  await world.db.transaction(async (tx) => {
    await tx.run('select from page where id = $1 for update', [page.id]);
    drains = [makeDrainInbox(world.deps)({ limit: 1 }), makeDrainInbox(world.deps)({ limit: 1 })];
    await until(
      'both wait to insert',
      async () =>
        (await world.count(
          `pg_stat_activity where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0`,
        )) === 2,
    );
  });
  await Promise.all(drains);
  expect(await world.count('lead where page_id = $1', [page.id])).toBe(1);
  expect(await world.count('lead_key where page_id = $1', [page.id])).toBe(1);
  const lead = (await world.leadOf(page, psid))!;
  expect(await world.count('ledger_opening where lead_id = $1', [lead.id])).toBe(1);
  expect(await world.count('inbox_event where lead_id = $1', [lead.id])).toBe(2);
  expect(await world.count('inbox')).toBe(0);
});

test('a worker that dies between two events of a body: the next one goes on, and nothing happens twice', async () => {
  const page = await world.newPage();
  const people = [newPsid(), newPsid(), newPsid()];
  await world.store(bodyOf(page, ...people.map((psid) => message(page, psid, now(), 'hello'))));
  const { transaction } = world.db;
  let transactions = 0;
  const dying = {
    ...world.deps,
    db: {
      ...world.db,
      run: (text: string, values?: readonly unknown[]) =>
        transactions > 1 ? Promise.reject(new Error('killed')) : world.db.run(text, values),
      transaction: ((work) => {
        transactions += 1;
        // One finds that there are several events, one works the first; then the process is gone.
        return transactions > 2 ? Promise.reject(new Error('killed')) : transaction(work);
      }) as typeof transaction,
    },
  };
  await expect(makeDrainInbox(dying)({ limit: 1 })).rejects.toThrow('killed');
  expect(await world.count('lead where page_id = $1', [page.id])).toBe(1);
  expect((await world.drain()).bodies).toBe(0);
  world.setNow(new Date(now().getTime() + 121_000));
  const drained = await world.drain();
  expect(drained.events).toEqual(
    expect.arrayContaining([
      { kind: 'message', outcome: 'duplicate', count: 1 },
      { kind: 'message', outcome: 'created', count: 2 },
    ]),
  );
  expect(await world.count('lead where page_id = $1', [page.id])).toBe(3);
  expect(await world.count('reply where page_id = $1', [page.id])).toBe(3);
  expect(await world.count(`ledger_opening o join lead l on l.id = o.lead_id where l.page_id = $1`, [page.id])).toBe(3);
  const segments = await Promise.all(
    people.map(async (psid) => {
      const lead = (await world.leadOf(page, psid))!;
      const [entry] = await openEntries(world.db, lead.dek, lead.id);
      return (JSON.parse(entry!.body.toString()) as { evidence: { segs: unknown[] } }).evidence.segs;
    }),
  );
  expect(segments[1]).toEqual(segments[0]);
  expect(segments[2]).toEqual(segments[0]);
  expect(await world.count('inbox')).toBe(0);
});

test('a signal between two events of a body gives it back at once, and the next worker goes on', async () => {
  const page = await world.newPage();
  const people = Array.from({ length: 5 }, newPsid);
  await world.store(bodyOf(page, ...people.map((psid) => message(page, psid, now(), 'hello'))));
  const stop = new AbortController();
  let replies = 0;
  const stopping = {
    ...world.deps,
    queueReply: async (...reply: Parameters<typeof world.deps.queueReply>) => {
      replies += 1;
      if (replies === 2) stop.abort();
      return world.deps.queueReply(...reply);
    },
  };
  const cut = await makeDrainInbox(stopping)({ limit: 1, signal: stop.signal });
  expect(cut).toMatchObject({ failed: 0, events: [{ kind: 'message', outcome: 'created', count: 2 }] });
  expect(await world.count('lead where page_id = $1', [page.id])).toBe(2);
  expect(await world.count('inbox where attempts = 0 and due_at = $1', [now()])).toBe(1);
  expect((await world.drain()).events).toEqual(
    expect.arrayContaining([
      { kind: 'message', outcome: 'duplicate', count: 2 },
      { kind: 'message', outcome: 'created', count: 3 },
    ]),
  );
  expect(await world.count('reply where page_id = $1', [page.id])).toBe(5);
  expect(await world.count('inbox')).toBe(0);
});

test('a crash before the commit of a single event leaves the body and no trace of the person', async () => {
  const page = await world.newPage();
  const psid = newPsid();
  await world.store(bodyOf(page, message(page, psid, now(), 'hello')));
  const failing = { ...world.deps, queueReply: () => Promise.reject(new Error('gone')) };
  expect(await makeDrainInbox(failing)({ limit: 1 })).toMatchObject({ bodies: 1, failed: 1 });
  expect(await world.count('lead where page_id = $1', [page.id])).toBe(0);
  expect(await world.count('inbox')).toBe(1);
  world.setNow(new Date(now().getTime() + 5_000));
  expect(await world.drain()).toMatchObject({ bodies: 1, failed: 0 });
  expect(await world.count('lead where page_id = $1', [page.id])).toBe(1);
});

test('many bodies stored at once are all durable, copies once, and a broken database rejects', async () => {
  const page = await world.newPage();
  const bodies = Array.from({ length: 200 }, () =>
    Buffer.from(JSON.stringify(bodyOf(page, message(page, newPsid(), now(), 'x')))),
  );
  await Promise.all([...bodies, ...bodies.slice(0, 50)].map((body) => world.store(body)));
  expect(await world.count('inbox')).toBe(200);
  const broken = makeStoreWebhook({
    ...world.deps,
    db: { ...world.db, run: () => Promise.reject(new Error('no database')) },
  });
  const webhook = { bytes: Buffer.from('{}'), header: 'sha256=', secretId: '0123456789abcdef' };
  const results = await Promise.allSettled([broken(webhook), broken(webhook), broken(webhook)]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  const before = world.jobs.length;
  expect(await world.drain()).toMatchObject({ bodies: 200, failed: 0 });
  expect(await world.count('lead where page_id = $1', [page.id])).toBe(200);
  await until('the replies are asked for', () =>
    world.jobs.slice(before).some((job) => job.name === 'send-replies' && job.pageId === page.uuid),
  );
  expect(world.jobs.some((job) => job.name === 'drain-inbox')).toBe(true);
});

test('a limit and a signal end a drain early, and the rest waits', async () => {
  const page = await world.newPage();
  for (let n = 0; n < 10; n += 1) await world.store(bodyOf(page, message(page, newPsid(), now(), 'x')));
  expect((await world.drain(3)).bodies).toBe(3);
  const ended = await makeDrainInbox(world.deps)({ limit: 100, signal: AbortSignal.abort() });
  expect(ended.bodies).toBe(0);
  expect(await world.count('inbox')).toBe(7);
  expect((await world.drain()).bodies).toBe(7);
});

test('a body that is not understood is counted once, kept 36 hours, then removed; its day key goes after 48', async () => {
  const start = now();
  await world.store(Buffer.from('{"object":"page","object":"page"}'));
  await world.store(Buffer.from('not json'));
  expect(await world.drain()).toEqual({ bodies: 2, failed: 0, notUnderstood: 2, events: [] });
  const expire = makeExpireInbox(world.deps);
  world.setNow(new Date(start.getTime() + 2 * HOUR));
  expect(await world.drain()).toEqual({ bodies: 2, failed: 0, notUnderstood: 0, events: [] });
  world.setNow(new Date(start.getTime() + 36 * HOUR - 1_000));
  expect((await expire()).bodies).toBe(0);
  world.setNow(new Date(start.getTime() + 36 * HOUR + 1_000));
  expect((await expire()).bodies).toBe(2);
  const day = Math.floor(start.getTime() / 86_400_000);
  await expect(world.keyRing.inboxKey(day)).resolves.toHaveLength(32);
  world.setNow(new Date((day + 3) * 86_400_000));
  await expire();
  await expect(world.keyRing.inboxKey(day)).rejects.toMatchObject({ code: 'inbox_key_destroyed' });
});

test('what a person wrote and who they are stand nowhere in clear', async () => {
  const page = await world.newPage();
  const explicit = await world.newPage({ optInMode: 'explicit' });
  const [ann, bob] = [newPsid(), newPsid()];
  const words = 'canary-words-of-a-person';
  const ref = 'canary-ref-of-a-link';
  await world.deliver(
    page,
    message(page, ann, now(), words, { referral: { ref, source: 'SHORTLINK', type: 'OPEN_THREAD' } }),
    message(page, bob, now(), `${words} too`),
  );
  await world.deliver(explicit, message(explicit, ann, now(), words));
  await world.deliver(page, postback(page, ann, now(), 'assent:v1:unsubscribe', { title: words }));
  await world.store(bodyOf(page, message(page, newPsid(), now(), words)));
  // An envelope with a field of its own is kept by nobody in clear either.
  await world.store({
    ...bodyOf(page, message(page, newPsid(), now(), 'hello'), message(page, newPsid(), now(), 'hello')),
    note: words,
  });
  await makeDrainInbox({ ...world.deps, queueReply: () => Promise.reject(new Error('kept')) })({ limit: 1 });
  await world.drain();
  expect(await world.count('evidence_segment')).toBeGreaterThan(5);

  const columns = await world.db.rows<{ table_name: string; column_name: string; data_type: string }>(
    `select table_name, column_name, data_type from information_schema.columns
     where table_schema = 'public' and data_type in ('text', 'bytea', 'jsonb', 'ARRAY')`,
  );
  expect(columns.length).toBeGreaterThan(50);
  const found: string[] = [];
  for (const { table_name, column_name, data_type } of columns) {
    for (const canary of [ann, bob, words, ref]) {
      const where =
        data_type === 'bytea'
          ? `position($1::text::bytea in "${column_name}") > 0`
          : `position($1::text in "${column_name}"::text) > 0`;
      if ((await world.count(`"${table_name}" where ${where}`, [canary])) > 0)
        found.push(`${table_name}.${column_name}`);
    }
  }
  expect(found).toEqual([]);
  expect(JSON.stringify([world.logged, world.jobs])).not.toContain(words);
  expect(JSON.stringify([world.logged, world.jobs])).not.toContain(ann);
});
