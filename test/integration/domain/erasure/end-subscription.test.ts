import { accountKey, makeCreateAccount } from '../../../../src/domain/accounts';
import {
  makeAskAccountErasure,
  makeCarryOutAccountErasures,
  makeCarryOutEnds,
  makeConfirmAccountErasure,
  makeEndSubscription,
  makeGetSubscription,
  makeResumeSubscription,
  type AskAccountErasureDeps,
} from '../../../../src/domain/erasure';
import { makeListMails, makePost } from '../../../../src/domain/mail';
import { makeConnectPage } from '../../../../src/domain/pages';
import { randomIds } from '../../../../src/kernel/ids';
import { message, type TestPage } from '../inbox/inbox-world';
import { openProofWorld, type ProofWorld } from '../proof/proof-world';

const DAY_MS = 86_400_000;
const NAME = 'Harbour Coffee';
let world: ProofWorld;
let accountId: string;
let page: TestPage;
let start: Date;

beforeAll(async () => {
  world = await openProofWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  start = world.now();
  const created = await makeCreateAccount(world.deps)({ email: `${String(Date.now())}@harbour.example`, name: NAME });
  accountId = created.account.id;
  page = await world.newPage({ accountId });
});
afterEach(() => world.setNow(start));

const deps = (): AskAccountErasureDeps => ({
  ...world.deps,
  ids: randomIds,
  accountKey: (id) => accountKey(world.db, world.keyRing, id),
  post: makePost({ ...world.deps, ids: randomIds, sender: null }),
  publicUrl: 'https://assent.example',
});
const end = (name = NAME) => makeEndSubscription(deps())({ accountId, name });
const resume = () => makeResumeSubscription(deps())(accountId);
const sweep = () => makeCarryOutEnds({ ...deps(), log: world.deps.log })();
const inDays = (days: number) => world.setNow(new Date(start.getTime() + days * DAY_MS));
const kinds = async () => (await makeListMails(world.deps)(accountId)).map(({ kind }) => kind);
const pageState = () =>
  world.db.first<{ state: string; reason: string | null }>(
    'select state, stop_reason as reason from page where id = $1',
    [page.id],
  );
const carryOut = () =>
  makeCarryOutAccountErasures({
    ...deps(),
    log: world.deps.log,
    sealedCalls: world.deps.sealedCalls,
    keyRingCopy: null,
    erasedAccounts: world.deps.erasedAccounts,
    dropBackupFiles: () => Promise.resolve(0),
    releasePages: () => Promise.resolve({ released: 0, left: 0 }),
  })();

it('ends sending at once and keeps everything, lets people leave, and is taken up again as it was', async () => {
  const ann = await world.subscribe(page);
  await expect(end('Harbor Coffee')).rejects.toMatchObject({ code: 'account_name_differs' });
  expect(await pageState()).toEqual({ state: 'active', reason: null });
  const ended = await end();
  expect(ended).toMatchObject({
    endedAt: start,
    deleteAt: new Date(start.getTime() + 30 * DAY_MS),
    counts: { leads: 1 },
  });
  expect(await pageState()).toEqual({ state: 'stopped', reason: 'subscription_ended' });
  await world.deliver(page, message(page, ann.psid, world.now(), 'STOP'));
  expect((await world.leadOf(page, ann.psid))!.status).toBe('unsubscribed');
  const connecting = makeConnectPage(world.deps as unknown as Parameters<typeof makeConnectPage>[0]);
  const another = { accountId, metaPageId: '104857600099999', accessToken: 'token', settings: { name: 'Another' } };
  await expect(connecting(another as Parameters<typeof connecting>[0])).rejects.toMatchObject({
    code: 'subscription_ended',
  });

  inDays(3);
  expect((await end()).deleteAt).toEqual(ended.deleteAt);
  expect(await makeGetSubscription(world.deps)(accountId)).toMatchObject({ deleteAt: ended.deleteAt });
  expect(await kinds()).toEqual(['subscription_cancelled']);
  expect([await resume(), await resume()]).toEqual([true, false]);
  expect(await pageState()).toEqual({ state: 'active', reason: null });
  expect(await makeGetSubscription(world.deps)(accountId)).toBeNull();
  inDays(40);
  expect([await sweep(), await kinds()]).toEqual([0, ['subscription_cancelled']]);
});

it('starts no Page that was stopped for another reason', async () => {
  await world.db.run(
    `update page set state = 'stopped', stop_reason = 'page_token', stopped_at = now() where id = $1`,
    [page.id],
  );
  await end();
  await resume();
  expect(await pageState()).toEqual({ state: 'stopped', reason: 'page_token' });
});

it('reminds the owner twice, each time once, and then deletes everything for good', async () => {
  await world.subscribe(page);
  await end();
  const mailsOn = async (day: number) => {
    inDays(day);
    await Promise.all([sweep(), sweep()]);
    return (await kinds()).length;
  };
  expect(await mailsOn(22)).toBe(1);
  expect(await mailsOn(23.01)).toBe(2);
  expect(await mailsOn(28.9)).toBe(2);
  expect(await mailsOn(29.01)).toBe(3);
  expect(await world.count('account_erasure where account_id = $1', [accountId])).toBe(0);

  inDays(30.01);
  expect(await sweep()).toBe(1);
  expect(await sweep()).toBe(0);
  await world.sequence();
  expect(await carryOut()).toBe(1);
  expect(await world.count('account where id = $1', [accountId])).toBe(0);
  expect(await world.count('lead where account_id = $1', [accountId])).toBe(0);
  expect(await world.count('subscription_end where account_id = $1', [accountId])).toBe(0);
  expect((await kinds())[0]).toBe('account_deleted');
});

it('goes on where a process died between the question and its answer', async () => {
  await end();
  inDays(31);
  let asked = 0;
  const dying = {
    ...deps(),
    log: world.deps.log,
    accountKey: () => {
      asked += 1;
      return Promise.reject(new Error('killed'));
    },
  };
  await expect(makeCarryOutEnds(dying)()).rejects.toThrow('killed');
  expect([asked, await world.count(`account_erasure where account_id = $1 and state = 'asked'`, [accountId])]).toEqual([
    1, 1,
  ]);
  expect(await sweep()).toBe(1);
  expect(await world.count('account_erasure where account_id = $1', [accountId])).toBe(1);
});

it('leaves a deletion alone that the owner said yes to meanwhile, and one that is taken up in the last moment', async () => {
  await end();
  await makeAskAccountErasure(deps())({ accountId, name: NAME });
  await resume();
  inDays(31);
  expect(await sweep()).toBe(0);
  expect(await world.count(`account_erasure where account_id = $1 and state <> 'asked'`, [accountId])).toBe(0);
});

it('is held up by no other deletion that cannot go on', async () => {
  const { account } = await makeCreateAccount(world.deps)({ email: 'broken@harbour.example', name: 'Broken' });
  await world.db.run(
    `insert into account_erasure (public_id, code, account_id, state, asked_at, confirm_until, confirmed_at, key_day, certificate_head,
       keys_destroyed_at, rows_deleted_at)
     values (gen_random_uuid(), 'broken', $1, 'destroying', now(), now(), now(), 1, 'x', now(), now())`,
    [account.id],
  );
  await end();
  inDays(31);
  expect(await sweep()).toBe(1);
  await world.sequence();
  await expect(carryOut()).rejects.toMatchObject({ code: 'erasure_without_head' });
  expect(await world.count('account where id = $1', [accountId])).toBe(0);
  expect((await kinds())[0]).toBe('account_deleted');
});

it('is taken up again or deleted, and never both, whichever comes first', async () => {
  const day = async (meanwhile: (token: string) => Promise<unknown>) => {
    await end();
    await makeAskAccountErasure(deps())({ accountId, name: NAME });
    const [mail] = await makeListMails(world.deps)(accountId);
    const token = /account-deletion\/([A-Za-z0-9_-]{43})\n/.exec(mail!.content!.text)![1]!;
    return meanwhile(token);
  };
  const confirm = (token: string) => makeConfirmAccountErasure(deps())(token);
  await day(async (token) => expect([await resume(), await confirm(token)]).toEqual([true, null]));
  await day(async (token) => {
    // The yes holds the question while the other one comes.
    const both = await Promise.all([confirm(token), resume()]);
    expect([both[0] !== null, both[1]]).toContainEqual(true);
    expect(both[0] !== null).not.toBe(both[1]);
  });
  if (await resume()) await day(confirm);
  expect(await resume()).toBe(false);
});

it('deletes what is due behind an account that cannot be', async () => {
  await end();
  const behind = await makeCreateAccount(world.deps)({ email: `${String(Date.now())}@pier.example`, name: NAME });
  await makeEndSubscription(deps())({ accountId: behind.account.id, name: NAME });
  inDays(31);
  const sweepOne = makeCarryOutEnds({
    ...deps(),
    log: world.deps.log,
    mostPerRound: 1,
    accountKey: (id) => (id === accountId ? Promise.reject(new Error('damaged')) : deps().accountKey(id)),
  });
  await expect(sweepOne()).rejects.toThrow('damaged');
  expect(await sweepOne()).toBe(1);
  expect(await world.count(`account_erasure where account_id = $1 and state = 'confirmed'`, [behind.account.id])).toBe(
    1,
  );
});
