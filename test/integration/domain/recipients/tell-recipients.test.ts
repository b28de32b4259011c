import { randomUUID } from 'node:crypto';
import { accountKey } from '../../../../src/domain/accounts';
import {
  makeAskAccountErasure,
  makeCarryOutAccountErasures,
  makeConfirmAccountErasure,
  makeShowAccountErasure,
} from '../../../../src/domain/erasure';
import { makeListMails, makePost } from '../../../../src/domain/mail';
import { adoptCalls } from '../../../../src/domain/recipients';
import { randomIds } from '../../../../src/kernel/ids';
import { memoryErasedAccounts } from '../../../support/erased-accounts';
import { backUp, setBack } from '../../../support/set-back';
import type { TestPage } from '../inbox/inbox-world';
import { openRecipientsWorld, type RecipientsWorld } from './recipients-world';

let world: RecipientsWorld;
let page: TestPage;
beforeEach(async () => {
  world = await openRecipientsWorld();
  page = await world.newPage();
  await world.logPage(page);
});
afterEach(() => world.close());

const told = () => world.posts.map(({ body }) => JSON.parse(body) as Record<string, unknown>);

/** Asks for the deletion of the account and says yes to it. */
async function confirmDeletion(): Promise<string> {
  const asking = {
    ...world.deps,
    ids: randomIds,
    accountKey: (id: string) => accountKey(world.db, world.keyRing, id),
    post: makePost({ ...world.deps, ids: randomIds, sender: null }),
    publicUrl: 'https://assent.example',
  };
  await makeAskAccountErasure(asking)({ accountId: page.accountId, name: 'A Shop' });
  const [mail] = await makeListMails(world.deps)(page.accountId);
  const token = /account-deletion\/([A-Za-z0-9_-]{43})\n/.exec(mail!.content!.text)![1]!;
  return (await makeConfirmAccountErasure(asking)(token))!.code;
}
const carryOutAccounts = () =>
  makeCarryOutAccountErasures({
    ...world.deps,
    keyRingCopy: null,
    erasedAccounts: memoryErasedAccounts(),
    dropBackupFiles: () => Promise.resolve(0),
    releasePages: () => Promise.resolve({ released: 0, left: 0 }),
    post: makePost({ ...world.deps, ids: randomIds, sender: null }),
    publicUrl: 'https://assent.example',
  })();

it('tells of a deleted account once, by its Pages, whoever had data of anybody in it, and keeps none of their rows', async () => {
  const second = await world.newPage({ accountId: page.accountId });
  await world.logPage(second);
  const [ann] = [await world.subscribe(page), await world.subscribe(second)];
  const everyone = await world.register(page, 'everyone', 'https://everyone.example.com/');
  const mine = await world.register(page, 'disclosed', 'https://mine.example.com/');
  await world.register(page, 'disclosed', 'https://nothing.example.com/');
  await world.disclose(page, mine, [ann]);
  const code = await confirmDeletion();
  await world.sequence();
  expect(await carryOutAccounts()).toBe(0);
  expect(await makeShowAccountErasure(world)(code)).toMatchObject({
    state: 'destroying',
    recipients: { notified: 0, pending: 2, failed: 0 },
  });
  expect([await world.count('recipient'), await world.count('disclosure')]).toEqual([0, 0]);
  expect(await world.call()).toBe(2);
  expect(world.posts.map(({ endpoint }) => endpoint).toSorted()).toEqual([everyone.endpoint, mine.endpoint]);
  const ids = [page.metaPageId, second.metaPageId].toSorted();
  for (const body of told()) expect(body).toMatchObject({ type: 'account.erased', page_ids: ids });
  expect(JSON.stringify(world.posts)).not.toContain(ann.psid);
  expect(await carryOutAccounts()).toBe(1);
  const { certificate } = (await makeShowAccountErasure(world)(code))!;
  expect(certificate!.split('\n')).toContain('recipients 2 notified, 0 pending for up to 72 hours, 0 failed');
});

it('certifies the deletion of an account whose recipients do not answer after ten seconds', async () => {
  await world.register(page, 'everyone');
  const code = await confirmDeletion();
  await world.sequence();
  world.answerWith(() => Promise.resolve({ kind: 'failed', code: 'timeout' }));
  await carryOutAccounts();
  await world.call();
  expect(await carryOutAccounts()).toBe(0);
  world.later(10_000);
  expect(await carryOutAccounts()).toBe(1);
  const { certificate } = (await makeShowAccountErasure(world)(code))!;
  expect(certificate!.split('\n')).toContain('recipients 0 notified, 1 pending for up to 72 hours, 0 failed');
});

it('keeps the duty to tell through a restore of the database, and tells nothing twice that was told before it', async () => {
  const [ann, bob] = [await world.subscribe(page), await world.subscribe(page)];
  await world.register(page, 'everyone');
  await world.requestErasure(page, ann);
  await world.carryOut();
  await backUp(world.db);
  expect(await world.call()).toBe(1);
  await world.requestErasure(page, bob);
  await world.carryOut();
  await setBack(world.db);
  expect(await world.calls()).toMatchObject([{ state: 'queued' }]);

  expect(await adoptCalls(world.calling())).toBe(1);
  expect(await world.calls()).toMatchObject([{ state: 'failed', code: 'restored' }, { state: 'queued' }]);
  expect(await adoptCalls(world.calling())).toBe(1);
  expect(await world.call()).toBe(1);
  expect(told().map((body) => body['page_scoped_id'])).toEqual([ann.psid, bob.psid]);
  expect(await world.deps.sealedCalls.ids()).toEqual([]);
});

it('adopts nothing whose time is over, nor what it cannot read', async () => {
  const ann = await world.subscribe(page);
  await world.register(page, 'everyone');
  await world.requestErasure(page, ann);
  await world.carryOut();
  await world.db.run('delete from recipient_call');
  await world.deps.sealedCalls.put(randomUUID(), Buffer.alloc(100, 7));
  world.later(72 * 3_600_000);
  expect([await adoptCalls(world.calling()), await world.calls()]).toEqual([0, []]);
  expect(await world.dropEnded()).toBe(2);
});
