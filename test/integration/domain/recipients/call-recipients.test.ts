import { createHmac } from 'node:crypto';
import http from 'node:http';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { readOpenBuckets } from '../../../../src/domain/erasure/erasure.store';
import { makeEndRecipient } from '../../../../src/domain/recipients';
import { postToRecipient } from '../../../../src/platform/recipients';
import { until } from '../../../support/until';
import type { TestPage } from '../inbox/inbox-world';
import type { Subscriber } from '../proof/proof-world';
import { openRecipientsWorld, type RecipientsWorld } from './recipients-world';

const HOUR_MS = 3_600_000;
let world: RecipientsWorld;
let page: TestPage;
let ann: Subscriber;
beforeEach(async () => {
  world = await openRecipientsWorld();
  page = await world.newPage();
  await world.logPage(page);
  ann = await world.subscribe(page);
});
afterEach(() => world.close());

const folder = () => path.join(world.ringDir, 'recipient-calls');
const files = async (): Promise<string[]> => readdir(folder()).catch(() => []);
const killed = () => Promise.reject(new Error('killed'));
const line = (certificate: string | null) => certificate?.split('\n').find((each) => each.startsWith('recipients'));

/** A person who was disclosed to one recipient, and is erased. */
async function eraseAnn(): Promise<string> {
  await world.disclose(page, await world.register(page, 'disclosed'), [ann]);
  const erasure = await world.requestErasure(page, ann);
  await world.carryOut();
  return erasure;
}

it('erases somebody whose data nobody else has as before, in one round, and says so', async () => {
  const other = await world.subscribe(page);
  await world.disclose(page, await world.register(page, 'disclosed'), [other]);
  const erasure = await world.requestErasure(page, ann);
  expect(await world.carryOut()).toBe(1);
  const { state, certificate, recipients } = await world.erasureOf(page, erasure);
  expect([state, line(certificate), recipients]).toEqual([
    'complete',
    'recipients none',
    { notified: 0, pending: 0, failed: 0 },
  ]);
  expect([await world.call(), world.posts, await world.calls(), await files()]).toEqual([0, [], [], []]);
});

it('tells exactly those who have the data, once, and names them on the certificate by their number', async () => {
  const everyone = await world.register(page, 'everyone', 'https://everyone.example.com/');
  const mine = await world.register(page, 'disclosed', 'https://mine.example.com/');
  const others = await world.register(page, 'disclosed', 'https://others.example.com/');
  const strangers = await world.register(await world.newPage(), 'everyone', 'https://strangers.example.com/');
  const bob = await world.subscribe(page);
  await world.disclose(page, mine, [ann, bob]);
  await world.disclose(page, others, [bob]);
  const erasure = await world.requestErasure(page, ann);
  expect(await world.carryOut()).toBe(0);
  expect(await world.erasureOf(page, erasure)).toMatchObject({
    state: 'destroying',
    recipients: { notified: 0, pending: 2, failed: 0 },
  });
  expect(await world.call()).toBe(2);
  expect(await world.call()).toBe(0);
  const told = world.posts.map(({ endpoint }) => endpoint).toSorted();
  expect(told).toEqual([everyone.endpoint, mine.endpoint]);
  expect(told).not.toContain(strangers.endpoint);
  expect(await world.carryOut()).toBe(1);
  const { certificate } = await world.erasureOf(page, erasure);
  expect(line(certificate)).toBe('recipients 2 notified, 0 pending for up to 72 hours, 0 failed');
  expect(await files()).toEqual([]);
});

it('tells a recipient that was ended of those whose data it has, and of nobody who came later', async () => {
  const everyone = await world.register(page, 'everyone');
  world.later(1_000);
  await makeEndRecipient(world.deps)({ accountId: page.accountId, uuid: everyone.uuid });
  world.later(1_000);
  const bob = await world.subscribe(page);
  await expect(world.disclose(page, everyone, [bob])).rejects.toMatchObject({ code: 'recipient_ended' });
  for (const person of [ann, bob]) await world.requestErasure(page, person);
  await world.carryOut();
  await world.call();
  expect(world.posts.map(({ body }) => (JSON.parse(body) as { page_scoped_id: string }).page_scoped_id)).toEqual([
    ann.psid,
  ]);
});

it('is understood by a real server: one POST with a signature over its bytes, an id, and nothing of the person in the address', async () => {
  const got: { url: string; headers: http.IncomingHttpHeaders; body: string }[] = [];
  const server = http.createServer((req, res) => {
    void text(req).then((body) => {
      got.push({ url: req.url ?? '', headers: req.headers, body });
      res.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const recipient = await world.register(page, 'everyone', `http://127.0.0.1:${String(port)}/erased`);
  await world.requestErasure(page, ann);
  await world.carryOut();
  expect(await world.call({ post: postToRecipient({ onLoopback: false }) })).toBe(0);
  expect(await world.calls()).toMatchObject([{ state: 'queued', code: 'address_refused' }]);
  world.later(6_000);
  expect(await world.call({ post: postToRecipient({ onLoopback: true }) })).toBe(1);
  await new Promise((resolve) => server.close(resolve));
  expect(got).toHaveLength(1);
  const { url, headers, body } = got[0]!;
  const told = JSON.parse(body) as Record<string, string>;
  expect([url, told['page_id'], told['page_scoped_id'], told['id']]).toEqual([
    '/erased',
    page.metaPageId,
    ann.psid,
    headers['idempotency-key'],
  ]);
  const [, seconds, mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['assent-signature']))!;
  expect(createHmac('sha256', recipient.secret).update(`${seconds!}.${body}`).digest('hex')).toBe(mac);
  expect(Number(seconds)).toBe(Math.floor(world.now().getTime() / 1_000));
});

it('tries again with growing pauses, and the certificate waits ten seconds for it and no longer', async () => {
  const erasure = await eraseAnn();
  world.answerWith(() => Promise.resolve({ kind: 'failed', code: 'status_503' }));
  await world.call();
  expect([await world.carryOut(), await world.call()]).toEqual([0, 0]);
  const patient = new Date(world.now().getTime() - 10_000);
  expect(await readOpenBuckets(world.db, { patientSince: patient, after: '0', limit: 10 })).toEqual([]);
  expect(await readOpenBuckets(world.db, { patientSince: world.now(), after: '0', limit: 10 })).toHaveLength(1);
  world.later(5_000);
  await world.call();
  expect(await world.calls()).toEqual([{ state: 'queued', attempts: 2, code: 'status_503' }]);
  world.later(5_000);
  expect(await world.carryOut()).toBe(1);
  const { certificate } = await world.erasureOf(page, erasure);
  expect(line(certificate)).toBe('recipients 0 notified, 1 pending for up to 72 hours, 0 failed');
  world.answerWith(() => Promise.resolve({ kind: 'taken' }));
  world.later(5_000);
  expect(await world.call()).toBe(1);
  expect(new Set(world.posts.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
  const after = await world.erasureOf(page, erasure);
  expect([after.recipients, after.certificate]).toEqual([{ notified: 1, pending: 0, failed: 0 }, certificate]);
});

it('is taken by one of two workers at once, and by another one after the lease of one that died with it', async () => {
  const people: Subscriber[] = [ann];
  for (let n = 0; n < 5; n += 1) people.push(await world.subscribe(page));
  await world.register(page, 'everyone');
  for (const person of people) await world.requestErasure(page, person);
  await world.carryOut();
  await Promise.all([world.call(), world.call()]);
  const ids = world.posts.map(({ headers }) => headers['idempotency-key']);
  expect([ids.length, new Set(ids).size]).toEqual([6, 6]);
});

it('tells again with the same id where a process died after the recipient took it, and forgets what it told then', async () => {
  await eraseAnn();
  const { db } = world;
  const dying = { ...db, run: killed };
  await expect(world.call({ db: dying })).rejects.toThrow('killed');
  expect([world.posts.length, (await files()).length]).toEqual([1, 1]);
  expect(await world.call()).toBe(0);
  world.later(60_001);
  expect(await world.call()).toBe(1);
  expect(world.posts[0]!.headers['idempotency-key']).toBe(world.posts[1]!.headers['idempotency-key']);
  expect([await files(), await world.calls()]).toEqual([[], [{ state: 'notified', attempts: 2, code: null }]]);
});

it('does not put off what another process has taken since, though the first one comes back', async () => {
  await eraseAnn();
  const failed = { kind: 'failed', code: 'timeout' } as const;
  let wakeUp: (outcome: typeof failed) => void = () => undefined;
  const frozen = new Promise<typeof failed>((resolve) => (wakeUp = resolve));
  const first = world.call({ post: () => frozen });
  await until('the first one to have it', async () => (await world.calls())[0]!.attempts === 1);
  world.later(60_001);
  world.answerWith(() => Promise.resolve(failed));
  await world.call();
  const due = () => world.db.first('select due_at as due from recipient_call');
  const before = await due();
  world.later(3_000);
  wakeUp(failed);
  await first;
  expect(await due()).toEqual(before);
});

it('destroys what is left of a call whose process died after it was recorded, and nothing that is still to be told', async () => {
  await eraseAnn();
  const bob = await world.subscribe(page);
  await world.call({ sealedCalls: { ...world.deps.sealedCalls, drop: killed } }).catch(() => 0);
  expect([await world.calls(), (await files()).length]).toEqual([[{ state: 'notified', attempts: 1, code: null }], 1]);
  await world.disclose(page, await world.register(page, 'disclosed'), [bob]);
  await world.requestErasure(page, bob);
  await world.carryOut();
  expect([await world.dropEnded(), (await files()).length]).toEqual([1, 1]);
  expect(await world.call()).toBe(1);
});

it('keeps a sealed call of a transaction that was undone, and tells once when the erasure is tried again', async () => {
  await world.register(page, 'everyone');
  await world.requestErasure(page, ann);
  const { sealedCalls } = world.deps;
  const put = async (id: string, bytes: Buffer): Promise<void> => {
    await sealedCalls.put(id, bytes);
    throw new Error('killed');
  };
  await expect(world.carryOut({ ...sealedCalls, put })).rejects.toThrow('killed');
  expect([(await files()).length, await world.calls(), await world.call()]).toEqual([1, [], 0]);
  expect(await world.dropEnded()).toBe(0);
  await world.carryOut();
  expect([await world.call(), world.posts.length, await files()]).toEqual([1, 1, []]);
});

it('gives up after 72 hours, and destroys what was to be told, also where no row names it', async () => {
  const erasure = await eraseAnn();
  world.answerWith(() => Promise.resolve({ kind: 'failed', code: 'timeout' }));
  const end = world.now().getTime() + 72 * HOUR_MS;
  while (world.now().getTime() < end) {
    await world.call();
    world.later(HOUR_MS);
  }
  const tries = world.posts.length;
  expect(tries).toBeGreaterThan(60);
  const [name] = await files();
  const bytes = await readFile(path.join(folder(), name!));
  await world.call();
  expect([world.posts.length, await files()]).toEqual([tries, []]);
  expect(await world.calls()).toMatchObject([{ state: 'failed', code: 'timeout' }]);
  expect(await world.erasureOf(page, erasure)).toMatchObject({ recipients: { notified: 0, pending: 0, failed: 1 } });
  await mkdir(folder(), { recursive: true });
  await world.db.run('delete from recipient_call');
  await writeFile(path.join(folder(), name!), bytes);
  expect([await world.dropEnded(), await files()]).toEqual([1, []]);
});

it('reads nothing whose time is over, even if nobody has come to destroy it', async () => {
  await eraseAnn();
  world.later(72 * HOUR_MS);
  await world.db.run(`update recipient_call set expires_at = expires_at + interval '10 days'`);
  await world.call();
  expect([world.posts, await files()]).toEqual([[], []]);
  expect(await world.calls()).toMatchObject([{ state: 'failed', code: 'content_gone' }]);
});

it('fails a call whose file is lost, and does not stop the others', async () => {
  const bob = await world.subscribe(page);
  await world.register(page, 'everyone');
  await world.requestErasure(page, ann);
  await world.carryOut();
  await rm(folder(), { recursive: true });
  await world.requestErasure(page, bob);
  await world.carryOut();
  expect(await world.call()).toBe(1);
  expect((await world.calls()).map(({ state }) => state)).toEqual(['failed', 'notified']);
});

it('does not let one recipient that takes nothing hold up another', async () => {
  await world.register(page, 'everyone', 'https://silent.example.com/');
  for (let n = 0; n < 70; n += 1)
    await world.db.run(
      `insert into recipient_call (public_id, account_id, recipient_uuid, erasure_uuid, state, due_at, created_at, expires_at)
       select gen_random_uuid(), 1, public_id, gen_random_uuid(), 'queued', $1::timestamptz, $1, $1::timestamptz + interval '1 day' from recipient limit 1`,
      [new Date(world.now().getTime() - 1_000)],
    );
  const awake = await world.register(page, 'disclosed', 'https://awake.example.com/');
  await world.disclose(page, awake, [ann]);
  await world.requestErasure(page, ann);
  await world.carryOut();
  const order: string[] = [];
  const { sealedCalls } = world.deps;
  const read = (id: string) => {
    order.push(id);
    return sealedCalls.read(id);
  };
  await world.call({ sealedCalls: { ...sealedCalls, read } });
  const own = await world.db.rows<{ uuid: string }>(
    'select public_id as uuid from recipient_call where recipient_uuid = $1',
    [awake.uuid],
  );
  const at = order.indexOf(own[0]!.uuid);
  expect([at >= 0, at < 25]).toEqual([true, true]);
});

it('leaves nothing of the person in the database, in the files or in the log, while it waits or afterwards', async () => {
  const recipient = await world.register(page, 'everyone', 'https://recipient.example.com/secret-path');
  await world.requestErasure(page, ann);
  await world.carryOut();
  world.answerWith(() => Promise.resolve({ kind: 'failed', code: 'status_500' }));
  await world.call();
  const words = [ann.psid, ann.uuid, 'secret-path', recipient.secret];
  const found = { waiting: await whereFound(words), told: [] as string[] };
  world.answerWith(() => Promise.resolve({ kind: 'taken' }));
  world.later(6_000);
  await world.call();
  found.told = await whereFound(words);
  expect(found).toEqual({ waiting: [], told: [] });
  expect(await world.calls()).toMatchObject([{ state: 'notified' }]);
});

/** Tables, files of sealed calls, and what was logged or enqueued, in which one of these words stands in clear. */
async function whereFound(words: readonly string[]): Promise<string[]> {
  const tables = await world.db.rows<{ name: string }>(
    `select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
  );
  const texts: [string, string][] = [['log', JSON.stringify([world.logged, world.jobs])]];
  for (const { name } of tables) {
    const rows = await world.db.rows<Record<string, unknown>>(`select * from ${name}`);
    const bytes = (value: unknown) => (Buffer.isBuffer(value) ? value.toString('latin1') : JSON.stringify(value));
    texts.push([name, rows.flatMap((row) => Object.values(row).map(bytes)).join('\n')]);
  }
  for (const file of await files())
    texts.push([file, `${file}\n${(await readFile(path.join(folder(), file))).toString('latin1')}`]);
  return texts.flatMap(([name, text]) => (words.some((word) => text.includes(word)) ? [name] : []));
}

it('finds what lies in clear, so that finding nothing means something', async () => {
  expect(await whereFound([page.metaPageId])).toContain('page');
  expect(await whereFound([ann.uuid])).toContain('lead');
});
