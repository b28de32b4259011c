import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  makeListMails,
  makePost,
  makeSendMail,
  makeWipeMails,
  type Letter,
  type MailKey,
  type MailOutcome,
  type OutboxDeps,
} from '../../../../src/domain/mail';
import { sealField } from '../../../../src/kernel/crypto/field-cipher';
import { randomIds } from '../../../../src/kernel/ids';
import { openKeyRing, postgresRingRegistry } from '../../../../src/platform/keyring';
import { openDatabase, type OpenDatabase } from '../../../../src/platform/postgres/database';
import { createTestDatabase, type TestDatabase } from '../../../support/database';

const HOUR_MS = 3_600_000;
let database: TestDatabase;
let db: OpenDatabase;
let dir: string;
let deps: OutboxDeps;
let now: Date;
let sent: { readonly id: string; readonly to: string }[];
let answer: (id: string) => Promise<MailOutcome>;
const logged: string[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  db = await openDatabase({ url: database.url, poolSize: 6, applicationName: 'mail-test' });
  dir = mkdtempSync(path.join(tmpdir(), 'assent-mail-'));
  now = new Date('2026-11-26T10:00:00Z');
  sent = [];
  answer = () => Promise.resolve({ kind: 'sent' });
  const clock = { now: () => now, monotonicMs: () => 0 };
  const note = (...parts: unknown[]): void => void logged.push(JSON.stringify(parts));
  const keyRing = await openKeyRing({
    dir,
    seals: [randomBytes(32)],
    registry: postgresRingRegistry(db),
    clock,
    ids: randomIds,
  });
  const sender = {
    send: (id: string, { to }: { readonly to: string }) => {
      sent.push({ id, to });
      return answer(id);
    },
  };
  deps = { db, keyRing, clock, ids: randomIds, log: { event: note, warn: note, error: note }, sender };
  const name = randomIds.uuid();
  key = { name, key: await keyRing.createAccountKey(name) };
});
afterEach(async () => {
  await db.close();
  await database.drop();
  rmSync(dir, { recursive: true });
});

let key: MailKey;
const LETTER = { accountId: '7', to: 'owner@example.com', subject: 'S', text: 'T' } as const;
async function post(over: Partial<OutboxDeps> = {}, kind: Letter['kind'] = 'subscription_cancelled'): Promise<void> {
  await db.transaction((tx) => makePost({ ...deps, ...over })(tx, { ...LETTER, kind, key }));
}
const send = () => makeSendMail(deps)();
const rows = () =>
  db.rows<{ state: string; attempts: number; hasContent: boolean }>(
    'select state, attempts, content_ct is not null as "hasContent" from mail order by id',
  );
const day = (): number => Math.floor(now.getTime() / (24 * HOUR_MS));
const later = (ms: number): void => void (now = new Date(now.getTime() + ms));

it('sends a mail once, and forgets address and words with that', async () => {
  await post();
  const clear = await db.first<{ found: boolean }>(
    `select bool_or(position('owner'::bytea in content_ct) > 0) as found from mail`,
  );
  expect(clear).toEqual({ found: false });
  expect(await send()).toBe(1);
  expect(await send()).toBe(0);
  expect(sent.map(({ to }) => to)).toEqual(['owner@example.com']);
  expect(await rows()).toEqual([{ state: 'sent', attempts: 1, hasContent: false }]);
});

it('posts nothing in a transaction that is undone', async () => {
  const work = db.transaction(async (tx) => {
    await makePost(deps)(tx, { ...LETTER, kind: 'account_deleted', key });
    throw new RangeError('undone');
  });
  await expect(work).rejects.toThrow('undone');
  expect(await rows()).toEqual([]);
});

it('is sent once by two processes at once, and again with the same id where one died after the server took it', async () => {
  for (let n = 0; n < 8; n += 1) await post();
  await Promise.all([send(), send()]);
  expect(new Set(sent.map(({ id }) => id)).size).toBe(8);
  expect(sent).toHaveLength(8);
  await post();
  answer = () => Promise.reject(new Error('killed'));
  await expect(send()).rejects.toThrow('killed');
  answer = () => Promise.resolve({ kind: 'sent' });
  expect(await send()).toBe(0);
  later(121_000);
  expect(await send()).toBe(1);
  expect(sent.at(-1)!.id).toBe(sent.at(-2)!.id);
});

it('waits longer each time the server gives no verdict, and gives up before the key goes', async () => {
  await post();
  answer = () => Promise.resolve({ kind: 'unclear', code: '451' });
  const waits: number[] = [];
  for (let hours = 0; hours < 40 && (await rows())[0]!.state === 'queued';) {
    await send();
    const due = await db.first<{ due: Date }>('select due_at as due from mail');
    waits.push(due!.due.getTime() - now.getTime());
    later(Math.max(1, waits.at(-1)!));
    hours = (now.getTime() - Date.parse('2026-11-26T10:00:00Z')) / HOUR_MS;
  }
  expect(waits.slice(0, 4)).toEqual([30_000, 60_000, 120_000, 240_000]);
  expect(Math.max(...waits)).toBe(HOUR_MS);
  expect(await rows()).toEqual([{ state: 'failed', attempts: sent.length, hasContent: false }]);
  expect(logged.join('\n')).not.toContain('owner@example.com');
});

it('ends a mail that the server will never take', async () => {
  await post();
  answer = () => Promise.resolve({ kind: 'refused', code: '550' });
  expect(await send()).toBe(0);
  expect(await rows()).toEqual([{ state: 'failed', attempts: 1, hasContent: false }]);
});

it('keeps mails to be read where there is no mail server, for two days, and for their account alone', async () => {
  await post({ sender: null });
  expect(await makeSendMail({ ...deps, sender: null })()).toBe(0);
  const list = makeListMails(deps);
  const { to, subject, text } = LETTER;
  expect(await list('7')).toMatchObject([{ state: 'kept', content: { to, subject, text } }]);
  expect(await list('8')).toEqual([]);
  later(60 * HOUR_MS);
  await makeWipeMails(deps)();
  expect(await rows()).toEqual([{ state: 'kept', attempts: 0, hasContent: false }]);
  later(31 * 24 * HOUR_MS);
  await makeWipeMails(deps)();
  expect(await rows()).toEqual([]);
});

it('fails a mail whose key is gone, and does not stop the others', async () => {
  await post();
  await deps.keyRing.destroyAccountKey(key.name);
  key = await deps.keyRing.createLetterKey(day());
  await post({}, 'account_deleted');
  later(60 * HOUR_MS);
  await deps.keyRing.destroyInboxKeysBefore(day() - 1);
  key = await deps.keyRing.createLetterKey(day());
  await post();
  expect(await send()).toBe(1);
  expect((await rows()).map(({ state }) => state)).toEqual(['failed', 'failed', 'sent']);
});

it('destroys the key of the last mail when it has left or never will, and no other', async () => {
  for (const kind of ['sent', 'refused'] as const) {
    answer = () => Promise.resolve(kind === 'sent' ? { kind } : { kind, code: '550' });
    key = await deps.keyRing.createLetterKey(day());
    await post({}, 'account_deleted');
    expect(deps.keyRing.accountKey(key.name)).not.toBeNull();
    await send();
    expect(deps.keyRing.accountKey(key.name)).toBeNull();
  }
  const name = randomIds.uuid();
  key = { name, key: await deps.keyRing.createAccountKey(name) };
  await post();
  await send();
  expect(deps.keyRing.accountKey(name)).not.toBeNull();
});

it('keeps no last mail where there is no mail server: nobody could read it', async () => {
  await post({ sender: null }, 'account_deleted');
  expect(await rows()).toEqual([{ state: 'kept', attempts: 0, hasContent: false }]);
  expect(await makeListMails(deps)('7')).toMatchObject([{ kind: 'account_deleted', content: null }]);
});

it('sends, and shows, mails that an earlier release sealed under the key of their day', async () => {
  const sealDay = async (state: string): Promise<void> => {
    const uuid = randomIds.uuid();
    const place = { table: 'mail', column: 'content_ct', row: uuid };
    const { to, subject, text } = LETTER;
    const content = sealField(await deps.keyRing.inboxKey(day()), place, JSON.stringify({ to, subject, text }));
    await db.run(
      `insert into mail (public_id, account_id, kind, state, key_day, content_ct, due_at, created_at)
       values ($1, '7', 'subscription_cancelled', $2, $3, $4, $5, $5)`,
      [uuid, state, day(), content, now],
    );
  };
  await sealDay('queued');
  await sealDay('kept');
  expect(await send()).toBe(1);
  expect(sent.map(({ to }) => to)).toEqual([LETTER.to]);
  expect(await makeListMails(deps)('7')).toMatchObject([{ content: { text: LETTER.text } }, { content: null }]);
});
