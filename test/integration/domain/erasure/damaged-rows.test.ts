import { accountKey, findAccountUuid } from '../../../../src/domain/accounts';
import { skipPendingOfLead, skipRepliesOfLead } from '../../../../src/domain/delivery';
import { makeCarryOutErasures, makeRequestErasure } from '../../../../src/domain/erasure';
import { makePost, makeSendMail } from '../../../../src/domain/mail';
import { randomIds } from '../../../../src/kernel/ids';
import { bodyOf, message, newPsid, type TestPage } from '../inbox/inbox-world';
import { openReturnsWorld, type ReturnsWorld } from '../returns/returns-world';
import { registerEveryone } from '../recipients/recipients-world';

let world: ReturnsWorld;
let page: TestPage;
beforeEach(async () => {
  world = await openReturnsWorld();
  page = await world.connect();
});
afterEach(() => world.close());

const damage = (table: string, column: string) =>
  world.db.run(`update ${table} set ${column} = set_byte(${column}, 30, get_byte(${column}, 30) # 1)`);
const isStored = ({ id }: { readonly id: string }) => world.count('lead where id = $1', [id]);
const deletion = () =>
  world.db.rows('select state, certificate is not null as "isCertified" from account_erasure where account_id = $1', [
    page.accountId,
  ]);

it('erases a person, and an account, beside a webhook of somebody else that is damaged', async () => {
  const other = await world.connect();
  const ann = await world.write(page);
  await world.store(bodyOf(other, message(other, newPsid(), world.now(), 'hi')));
  expect(await damage('inbox', 'body_ct')).toBe(1);
  await world.drain();
  await world.erase(page, ann);
  expect(await isStored(ann)).toBe(0);
  await world.deleteAccount(page);
  expect(await deletion()).toEqual([{ state: 'complete', isCertified: true }]);
  expect(await world.count('inbox')).toBe(1);
});

it('erases a person, and an account, of which a recipient cannot be read, and counts it as not told', async () => {
  const ann = await world.write(page);
  await world.write(page);
  await registerEveryone(world.deps, page);
  expect(await damage('recipient', 'secret_ct')).toBe(1);
  await world.erase(page, ann);
  expect(await isStored(ann)).toBe(0);
  const [erasure] = await world.db.rows<{ certificate: string }>(`select certificate from erasure`);
  expect(erasure!.certificate).toContain('1 failed');
  await world.deleteAccount(page);
  expect(await deletion()).toEqual([{ state: 'complete', isCertified: true }]);
  expect(await world.db.rows('select distinct state, last_code as code from recipient_call')).toEqual([
    { state: 'failed', code: 'recipient_unreadable' },
  ]);
});

it('erases a person of an account whose key is lost, though it has recipients', async () => {
  const ann = await world.write(page);
  await registerEveryone(world.deps, page);
  const uuid = (await findAccountUuid(world.db, page.accountId))!;
  await makeRequestErasure({ ...world.deps, skipPendingOfLead, skipRepliesOfLead })({
    accountId: page.accountId,
    leadUuid: ann.uuid,
    erasureUuid: randomIds.uuid(),
    keepsMark: false,
  });
  await world.keyRing.destroyAccountKey(uuid);
  await makeCarryOutErasures({ ...world.deps, keyRingCopy: null, dropBackupFiles: () => Promise.resolve(0) })();
  expect(await isStored(ann)).toBe(0);
  expect(await world.count(`recipient_call where state = 'failed'`)).toBe(1);
});

it('certifies the deletion of an account whose letter is damaged, on its page alone', async () => {
  await world.confirmDeletion(page);
  expect(await damage('account_erasure', 'letter_ct')).toBe(1);
  await world.finishDeletion();
  expect(await deletion()).toEqual([{ state: 'complete', isCertified: true }]);
  expect(await world.count(`mail where kind = 'account_deleted'`)).toBe(0);
});

it('sends the mails behind one that is damaged, and ends that one', async () => {
  const taken: string[] = [];
  const deps = {
    ...world.deps,
    ids: randomIds,
    sender: {
      send: (_uuid: string, { subject }: { readonly subject: string }) => {
        taken.push(subject);
        return Promise.resolve({ kind: 'sent' } as const);
      },
    },
  };
  const key = await accountKey(world.db, world.keyRing, page.accountId);
  const uuid = (await findAccountUuid(world.db, page.accountId))!;
  const put = (subject: string) =>
    world.db.transaction((tx) =>
      makePost(deps)(tx, {
        accountId: page.accountId,
        kind: 'account_deletion_asked',
        key: { name: uuid, key },
        to: 'owner@harbour.example',
        subject,
        text: 'text',
      }),
    );
  await put('one');
  expect(await damage('mail', 'content_ct')).toBe(1);
  for (const subject of ['two', 'three']) await put(subject);
  await makeSendMail(deps)();
  expect(taken).toEqual(['two', 'three']);
  expect(await world.db.rows('select state from mail order by id')).toEqual([
    { state: 'failed' },
    { state: 'sent' },
    { state: 'sent' },
  ]);
});
