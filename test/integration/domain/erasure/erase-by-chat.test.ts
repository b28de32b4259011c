import { createHash } from 'node:crypto';
import { makeRulesAt } from '../../../../src/domain/broadcasts';
import { makeLogSends, makeSendReplies } from '../../../../src/domain/delivery';
import { makeCarryOutErasures, makeErasureLink, makeShowErasure } from '../../../../src/domain/erasure';
import { sealToken } from '../../../../src/domain/pages/page-token';
import { makeAuditLedger } from '../../../../src/domain/proof';
import { accepted, ScriptedSender } from '../delivery/delivery-world';
import { message, newPsid, postback, type TestPage } from '../inbox/inbox-world';
import { openProofWorld, type ProofWorld } from '../proof/proof-world';

const DAY_MS = 86_400_000;
let world: ProofWorld;
let page: TestPage;
let psid: string;
let sender: ScriptedSender;
beforeAll(async () => {
  world = await openProofWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  // Replies are judged by the database's clock.
  world.setNow(new Date(Date.now() - 600_000));
  page = await world.newPage();
  await world.logPage(page);
  await world.db.run('insert into page_pace (page_id, next_free_at) values ($1, now())', [page.id]);
  await world.db.run('update page set token_ct = $2 where id = $1', [
    page.id,
    sealToken(world.keyRing, page.uuid, 'token'),
  ]);
  psid = newPsid();
  sender = new ScriptedSender();
  await world.deliver(page, message(page, psid, world.now(), 'hello'));
  await world.showNotice(page, (await lead()).id);
  await world.sequence();
});

const lead = async () => (await world.leadOf(page, psid))!;
const later = (ms: number): void => world.setNow(new Date(world.now().getTime() + ms));
async function says(text: string): Promise<void> {
  later(1_000);
  await world.deliver(page, message(page, psid, world.now(), text));
}
async function taps(payload: string): Promise<void> {
  later(1_000);
  await world.deliver(page, postback(page, psid, world.now(), payload));
}
/** Sends what is due, chunk after chunk. */
async function sendReplies(): Promise<void> {
  const send = makeSendReplies({
    ...world.deps,
    sender,
    withdrawLead: () => Promise.resolve(),
    accountKey: () => Promise.reject(new Error('no broadcast is opened here')),
    rulesAt: makeRulesAt({ adWindow: false }),
    logSends: makeLogSends(world.deps),
    publicUrl: 'https://assent.example',
    erasureLink: makeErasureLink({ db: world.db, publicUrl: 'https://assent.example' }),
  });
  for (;;) {
    const result = await send({ pageId: page.uuid, nudge: 'one chain' }, new AbortController().signal);
    if (result.kind === 'idle') return;
    if (result.kind === 'wait') await new Promise((resolve) => setTimeout(resolve, result.delayMs));
  }
}
const carryOut = () =>
  makeCarryOutErasures({ ...world.deps, keyRingCopy: null, dropBackupFiles: () => Promise.resolve(0) })();
const status = async (): Promise<string | undefined> =>
  (await world.db.first<{ status: string }>('select status from lead where id = $1', [(await lead()).id]))?.status;
const erasures = () =>
  world.db.rows<{ state: string; origin: string; code: string; hasLink: boolean; certificate: string | null }>(
    `select state, origin, code, link_ct is not null as "hasLink", certificate from erasure where page_id = $1`,
    [page.id],
  );
const replies = () =>
  world.db.rows<{ kind: string; status: string }>(
    `select kind, status from reply where page_id = $1 and kind not in ('welcome', 'test') order by id`,
    [page.id],
  );

interface Template {
  readonly text: string;
  readonly buttons: readonly { readonly payload?: string; readonly url?: string }[];
}
const lastTemplate = (): Template =>
  (sender.calls.at(-1)!.body.message as unknown as { attachment: { payload: Template } }).attachment.payload;

it('asks once whether they mean it, tells where the certificate is, and only then deletes', async () => {
  await says('Delete my data');
  expect(await status()).toBe('unsubscribed');
  expect(await replies()).toEqual([{ kind: 'ask_erasure', status: 'pending' }]);
  await sendReplies();
  expect(lastTemplate().buttons.map(({ payload }) => payload)).toEqual([
    'assent:v1:erase:yes',
    'assent:v1:erase:mark',
    'assent:v1:erase:no',
  ]);
  await taps('assent:v1:erase:yes');
  expect(await status()).toBe('erasing');
  expect(await erasures()).toMatchObject([{ state: 'waiting', origin: 'chat', hasLink: true }]);
  await world.sequence();
  await carryOut();
  expect(await erasures()).toMatchObject([{ state: 'waiting' }]);

  const before = sender.calls.length;
  await sendReplies();
  expect(sender.calls.slice(before)).toHaveLength(1);
  const { url } = lastTemplate().buttons[0]!;
  const [, code, secret] = /^https:\/\/assent\.example\/erasure\/([0-9a-f]{32})#([A-Za-z0-9_-]{86})$/.exec(url!)!;
  await carryOut();
  const [erasure] = await erasures();
  expect(erasure).toMatchObject({ state: 'complete', code, hasLink: false });
  const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
  const who = sha256(Buffer.from(`${page.metaPageId}:${psid}`));
  const subject = sha256(Buffer.concat([who, Buffer.from(secret!, 'base64url')])).toString('hex');
  expect(erasure!.certificate).toContain(`\nsubject ${subject}\n`);
  expect((await makeShowErasure({ db: world.db })(code!))?.state).toBe('complete');
  expect(await world.leadOf(page, psid)).toBeUndefined();
  await world.sequence();
  expect((await makeAuditLedger({ ...world.deps, checkpointCopy: world.checkpointCopy })()).findings).toEqual([]);
});

it('goes on after a minute when the last reply cannot be sent', async () => {
  await taps('assent:v1:erase');
  await sendReplies();
  await taps('assent:v1:erase:yes');
  await world.sequence();
  sender.answer = () => ({ kind: 'retry-later', code: 2, subcode: null });
  await sendReplies();
  await carryOut();
  expect(await erasures()).toMatchObject([{ state: 'waiting' }]);
  await world.db.run(`update reply set created_at = created_at - interval '61 seconds' where kind = 'erasure_link'`);
  await carryOut();
  expect(await erasures()).toMatchObject([{ state: 'complete' }]);
});

it('erases nobody by a button that was not asked about, or a day too late, and asks again', async () => {
  await taps('assent:v1:erase:yes');
  expect([await status(), await erasures()]).toEqual(['unsubscribed', []]);
  await sendReplies();
  expect(await replies()).toEqual([{ kind: 'ask_erasure', status: 'accepted' }]);
  later(DAY_MS + 60_000);
  await taps('assent:v1:erase:yes');
  expect(await erasures()).toEqual([]);
  expect(await replies()).toEqual([
    { kind: 'ask_erasure', status: 'accepted' },
    { kind: 'ask_erasure', status: 'pending' },
  ]);
});

it('keeps everything of who says no, and makes nobody of a stranger who taps yes', async () => {
  await says('erase me');
  await sendReplies();
  await taps('assent:v1:erase:no');
  expect([await status(), await erasures()]).toEqual(['unsubscribed', []]);
  psid = newPsid();
  await taps('assent:v1:erase:yes');
  expect(await world.leadOf(page, psid)).toBeUndefined();
});

it('keeps the mark that was wished in the chat, and writes the wish into the log before it goes', async () => {
  await says('delete');
  await sendReplies();
  await taps('assent:v1:erase:mark');
  expect(await erasures()).toMatchObject([{ state: 'waiting', origin: 'chat' }]);
  const own = (await lead()).id;
  const opened = await world.db.first<{ n: number }>('select chain_n as n from lead where id = $1', [own]);
  expect(opened).toEqual({ n: 4 });
  await world.sequence();
  await sendReplies();
  await carryOut();
  const [erasure] = await erasures();
  expect(erasure!.certificate).toContain('\nkept a sealed mark');
  expect(await world.count(`suppression where page_id = $1`, [page.id])).toBe(1);
  later(DAY_MS);
  await says('hello');
  expect(await status()).toBe('suppressed');
  await says('START');
  expect(await status()).toBe('subscribed');
});

/** Who types and not taps is judged by when the question was sent, by the clock of the database. */
async function types(text: string): Promise<void> {
  world.setNow(new Date());
  await world.deliver(page, message(page, psid, world.now(), text));
}

it.each([
  ['Delete everything', 'kept nothing'],
  ['  delete EVERYTHING! ', 'kept nothing'],
  ['Alles löschen', 'kept nothing'],
  ['Tout supprimer', 'kept nothing'],
  ['Delete, never write', 'kept a sealed mark'],
])('takes the typed title "%s" for the answer within a day of the question', async (typed, kept) => {
  await says('delete my data');
  await sendReplies();
  await types(typed);
  expect([await status(), await erasures()]).toMatchObject(['erasing', [{ state: 'waiting', origin: 'chat' }]]);
  expect(await replies()).toEqual([
    { kind: 'ask_erasure', status: 'accepted' },
    { kind: 'erasure_link', status: 'pending' },
  ]);
  await world.sequence();
  await sendReplies();
  await carryOut();
  expect((await erasures())[0]!.certificate).toContain(`\n${kept}`);
});

it('asks, and erases nobody, when a title is typed where no question is open', async () => {
  for (const typed of ['Delete, never write', 'Delete everything']) await types(typed);
  expect([await status(), await erasures()]).toEqual(['unsubscribed', []]);
  expect(await replies()).toEqual([{ kind: 'ask_erasure', status: 'pending' }]);
  await sendReplies();
  later(DAY_MS + 60_000);
  await says('Delete everything');
  expect(await erasures()).toEqual([]);
  expect(await replies()).toEqual([
    { kind: 'ask_erasure', status: 'accepted' },
    { kind: 'ask_erasure', status: 'pending' },
  ]);
});

it('takes what was typed, or had come, before the question was sent for no answer to it', async () => {
  await says('Delete everything');
  const typed = world.now();
  await sendReplies();
  world.setNow(new Date());
  await world.deliver(page, message(page, psid, typed, 'delete everything'));
  expect(await erasures()).toEqual([]);
  const sent = world.now();
  world.setNow(typed);
  await world.deliver(page, message(page, psid, sent, 'Delete everything'));
  expect([await status(), await erasures()]).toEqual(['unsubscribed', []]);
});

it('erases nobody who types the title that says no, or asks in return', async () => {
  await says('erase me');
  await sendReplies();
  for (const typed of ['Keep my data', 'Delete everything?', 'do not delete everything', 'delete']) await types(typed);
  expect([await status(), await erasures()]).toEqual(['unsubscribed', []]);
});

it('takes a second yes, a redelivered one and a STOP beside it for one erasure', async () => {
  await says('delete');
  await sendReplies();
  later(1_000);
  const yes = postback(page, psid, world.now(), 'assent:v1:erase:yes');
  const stop = message(page, psid, world.now(), 'STOP');
  for (const events of [[yes], [yes], [stop], [postback(page, psid, world.now(), 'assent:v1:erase:yes')]])
    await world.store({
      object: 'page',
      entry: [{ id: page.metaPageId, time: world.now().getTime(), messaging: events }],
    });
  await world.drain();
  await sendReplies();
  expect(sender.calls.filter(({ body }) => JSON.stringify(body).includes('/erasure/'))).toHaveLength(1);
  await world.sequence();
  await carryOut();
  later(3_600_000);
  await world.drain();
  expect(await erasures()).toMatchObject([{ state: 'complete' }]);
  expect(await world.leadOf(page, psid)).toBeUndefined();
  expect(await world.db.first<{ count: number }>('select count(*)::int as count from inbox')).toEqual({ count: 0 });
  sender.answer = accepted;
});
