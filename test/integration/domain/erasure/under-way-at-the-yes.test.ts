import { makeCreateApiKey } from '../../../../src/domain/accounts';
import { reopenBroadcastsOfPage } from '../../../../src/domain/broadcasts';
import { appendSystemEntry } from '../../../../src/domain/consent';
import { makeEndSubscription, makeResumeSubscription, makeShowAskedErasure } from '../../../../src/domain/erasure';
import { makeConnectPage, makeUpdatePage, type PageDeps } from '../../../../src/domain/pages';
import { sealToken } from '../../../../src/domain/pages/page-token';
import { randomIds } from '../../../../src/kernel/ids';
import { message, newPsid, type TestPage } from '../inbox/inbox-world';
import { NAME, openReturnsWorld, type ReturnsWorld } from '../returns/returns-world';

const TOKEN = `EAAB${'x'.repeat(60)}`;
let world: ReturnsWorld;
let page: TestPage;
beforeEach(async () => {
  world = await openReturnsWorld();
  page = await world.connect();
});
afterEach(() => world.close());

const code = (name: string) => expect.objectContaining({ code: name }) as Error;
const answer = (value: unknown) => Promise.resolve({ ok: true, value });

/** @param meanwhile happens while Meta is asked whose the token is */
const pageDeps = (metaPageId: string, meanwhile: () => Promise<unknown> = () => Promise.resolve()): PageDeps =>
  ({
    ...world.deps,
    ids: randomIds,
    graph: {
      identify: async () => {
        await meanwhile();
        return answer({ id: metaPageId, name: NAME });
      },
      setProfile: () => answer(null),
      subscribe: () => answer(null),
      unsubscribe: () => answer(null),
    },
    appendSystemEntry: (tx: never, entry: never) => appendSystemEntry(tx, world.deps, page.accountId, entry),
    reopenBroadcasts: (tx: never, id: string) => reopenBroadcastsOfPage(tx, id, world.now()),
    blockBroadcasts: () => Promise.resolve(0),
  }) as unknown as PageDeps;
const connecting = (metaPageId: string) =>
  makeConnectPage(pageDeps(metaPageId, () => world.confirmDeletion(page)))({
    accountId: page.accountId,
    metaPageId,
    accessToken: TOKEN,
    settings: { name: NAME },
  });

it('connects no Page whose connecting was under way at the yes, and leaves no keys of it', async () => {
  const rings = () => world.count(`key_ring where ring like 'page-%'`);
  const before = await rings();
  await expect(connecting('1048576999999')).rejects.toEqual(code('account_deleted'));
  expect(await rings()).toBe(before);
  await world.finishDeletion();
  expect([await rings(), await world.count('page where account_id = $1', [page.accountId])]).toEqual([before - 1, 0]);
  expect((await world.audit()).findings).toEqual([]);
});

it('starts no Page again that was being connected anew at the yes', async () => {
  await expect(connecting(page.metaPageId)).rejects.toEqual(code('account_deleted'));
  const psid = newPsid();
  await world.deliver(page, message(page, psid, world.now(), 'hello'));
  expect(await world.leadOf(page, psid)).toBeUndefined();
});

it('waits with the yes for a Page that is being stored, and takes it along', async () => {
  let stored = (): void => undefined;
  const isStored = new Promise<void>((resolve) => {
    stored = resolve;
  });
  const deps = pageDeps('1048576999998');
  let confirmed: Promise<void> | undefined;
  const connected = makeConnectPage({
    ...deps,
    db: {
      ...deps.db,
      transaction: (work, options) =>
        deps.db.transaction(async (tx) => {
          const result = await work(tx);
          if ((await tx.run(`select from page where meta_page_id = '1048576999998'`)) === 0) return result;
          confirmed ??= world.confirmDeletion(page);
          stored();
          // Long enough for the yes to come to where it waits.
          await tx.run('select pg_sleep(0.3)');
          return result;
        }, options),
    },
  })({
    accountId: page.accountId,
    metaPageId: '1048576999998',
    accessToken: TOKEN,
    settings: { name: NAME },
  });
  await isStored;
  await Promise.allSettled([connected, confirmed]);
  const row = await world.db.first<{ rings: string[] }>('select rings from account_erasure where account_id = $1', [
    page.accountId,
  ]);
  expect(row!.rings).toHaveLength(2);
  expect(await world.count(`page where account_id = $1 and state <> 'disconnected'`, [page.accountId])).toBe(0);
});

it('makes no API key after the yes', async () => {
  const create = () =>
    makeCreateApiKey({ ...world.deps, ids: randomIds })({ accountId: page.accountId, scopes: ['*'] });
  await world.confirmDeletion(page);
  await expect(create()).rejects.toEqual(code('account_deleted'));
  expect(await world.count('api_key where account_id = $1 and revoked_at is null', [page.accountId])).toBe(0);
});

it('starts no Page by a new token while the subscription is cancelled', async () => {
  await world.db.run(
    `update page set token_ct = $2, state = 'stopped', stop_reason = 'page_token', stopped_at = now() where id = $1`,
    [page.id, sealToken(world.keyRing, page.uuid, 'old token')],
  );
  await makeEndSubscription(world.asking)({ accountId: page.accountId, name: NAME });
  const renew = () =>
    makeUpdatePage(pageDeps(page.metaPageId))({
      accountId: page.accountId,
      ref: page.uuid,
      settings: {},
      accessToken: TOKEN,
    });
  await expect(renew()).rejects.toEqual(code('subscription_ended'));
  await makeResumeSubscription(world.asking)(page.accountId);
  expect((await renew()).page.state).toBe('active');
});

it('leaves the question of a deletion open when a subscription is taken up that was never cancelled', async () => {
  const token = await world.askDeletion(page);
  expect(await makeResumeSubscription(world.asking)(page.accountId)).toBe(false);
  expect(await makeShowAskedErasure(world.deps)(token)).not.toBeNull();
});

it('makes nobody of what was said before the Page was connected', async () => {
  const psid = newPsid();
  const old = message(page, psid, world.now(), 'hello');
  await world.deliver(page, old);
  await world.sequence();
  await world.deleteAccount(page);
  world.setNow(new Date(world.now().getTime() + 3_600_000));
  const anew = await world.connect(page.metaPageId);
  await world.db.run('update page set created_at = $2 where id = $1', [anew.id, world.now()]);
  await world.deliver(anew, old);
  expect(await world.leadOf(anew, psid)).toBeUndefined();
  await world.deliver(anew, message(anew, psid, world.now(), 'hello again'));
  expect((await world.leadOf(anew, psid))?.row['status']).toBe('subscribed');
});
