import { readdirSync } from 'node:fs';
import type { ImportBackupDeps } from '../../../../src/domain/backup';
import { makeGetBroadcast, makeListBroadcasts } from '../../../../src/domain/broadcasts';
import { makeListTags, makeSetTags } from '../../../../src/domain/leads';
import type { PageSettingsChange } from '../../../../src/domain/pages';
import type { TestPage } from '../inbox/inbox-world';
import { importInto, openBackupWorld, PASSPHRASE, rewritten, type BackupWorld } from './backup-world';

let world: BackupWorld;
let page: TestPage;
let changes: { ref: string; settings: PageSettingsChange }[];

beforeAll(async () => {
  world = await openBackupWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  changes = [];
  page = await world.newPage();
  await world.logPage(page);
});

const code = (name: string) => expect.objectContaining({ code: name }) as Error;

const bringInto = (into: TestPage, archive: Buffer, passphrase = PASSPHRASE) =>
  importInto(world, into, archive, { passphrase, over: { updatePage } });
const updatePage: ImportBackupDeps['updatePage'] = ({ ref, settings }) =>
  Promise.resolve(void changes.push({ ref, settings }));

async function archiveOf(of: TestPage): Promise<Buffer> {
  // The proofs are of what came before.
  world.setNow(new Date(world.now().getTime() + 1_000));
  const { uuid } = await world.request(of.accountId);
  expect(await world.make(uuid)).toBe('made');
  return world.download(of.accountId, uuid);
}

/** The Page of an account that is registered anew: what Meta calls it stays. */
async function connectedAgain(): Promise<TestPage> {
  const again = await world.newPage();
  await world.db.run(`update page set state = 'disconnected' where id = $1`, [page.id]);
  await world.db.run('update page set meta_page_id = $2 where id = $1', [again.id, page.metaPageId]);
  return { ...again, metaPageId: page.metaPageId };
}

const broadcastsOf = async ({ accountId }: TestPage) => {
  const { items } = await makeListBroadcasts(world.common)({ accountId, limit: 100 });
  const get = makeGetBroadcast(world.common);
  return Promise.all(items.map(({ uuid }) => get({ accountId, broadcastUuid: uuid })));
};
const tagsOf = async ({ accountId }: TestPage) =>
  (await makeListTags(world.common)(accountId, null, 100)).map(({ name }) => name).sort();

it('brings drafts and tags back into another account, once, and nobody', async () => {
  const ann = await world.join(page);
  await makeSetTags(world.common)({ accountId: page.accountId, leadUuid: ann.uuid, tags: ['regular'] });
  const opening = await world.draft(page, 'Opening');
  await world.draft(page, 'Closing', { tagsAny: ['regular'], notInBroadcast: opening.uuid });
  await world.draft(page, 'To Ann', { leadIds: [ann.uuid] });
  const archive = await archiveOf(page);
  const again = await connectedAgain();
  const first = await bringInto(again, archive);
  expect(first).toMatchObject({
    tags: { added: 1 },
    broadcasts: { added: 3, already: 0, withoutAudience: 2, refused: 0 },
    leads: { inArchive: 1, returned: 0, already: 0, refused: { page_elsewhere: 1 } },
  });
  expect(await tagsOf(again)).toEqual(['regular']);
  const drafts = await broadcastsOf(again);
  expect(drafts.map(({ name, status }) => [name, status]).sort()).toEqual([
    ['Closing', 'draft'],
    ['Opening', 'draft'],
    ['To Ann', 'draft'],
  ]);
  const audienceOf = (name: string) => drafts.find((draft) => draft.name === name)!.audience;
  expect(audienceOf('Opening')).toMatchObject({ tagsAny: ['regular'] });
  // Who was meant is not here, and nobody else is meant instead.
  expect(audienceOf('To Ann')).toMatchObject({ leadIds: null, tagsAll: ['choose an audience'] });
  expect(drafts.map(({ uuid }) => uuid)).not.toContain(opening.uuid);
  expect(await world.count('lead where account_id = $1', [again.accountId])).toBe(0);

  const second = await bringInto(again, archive);
  expect(second).toMatchObject({ tags: { added: 0 }, broadcasts: { added: 0, already: 3, refused: 0 } });
  expect(await broadcastsOf(again)).toHaveLength(3);
});

it('changes nothing in the account it came from', async () => {
  await world.draft(page, 'Opening');
  const result = await bringInto(page, await archiveOf(page));
  expect(result).toMatchObject({ broadcasts: { added: 0, already: 1 }, pages: { changed: 0, unchanged: 1 } });
  expect(changes).toEqual([]);
});

it('waits with a draft until its Page is connected', async () => {
  await world.draft(page, 'Opening');
  const archive = await archiveOf(page);
  const elsewhere = await world.newPage();
  expect(await bringInto(elsewhere, archive)).toMatchObject({
    pages: { notConnected: 1 },
    broadcasts: { added: 0, refused: 1 },
    refusedBroadcasts: [{ reason: 'page_not_connected' }],
  });
  await world.db.run('update page set meta_page_id = $2 where id = $1', [page.id, '1']);
  await world.db.run('update page set meta_page_id = $2 where id = $1', [elsewhere.id, page.metaPageId]);
  expect(await bringInto(elsewhere, archive)).toMatchObject({ broadcasts: { added: 1, refused: 0 } });
});

it('brings a stricter way of consent back, and no looser one', async () => {
  await world.db.run(
    `update page set opt_in_mode = 'explicit', basis = 'gdpr.6.1.a', time_zone = 'Europe/Berlin',
    rate_per_second = 200, accept_risk_above_40 = true where id = $1`,
    [page.id],
  );
  const strict = await archiveOf(page);
  await world.db.run(`update page set opt_in_mode = 'conversation_start', time_zone = 'UTC' where id = $1`, [page.id]);
  const loose = await archiveOf(page);
  const again = await connectedAgain();
  expect(await bringInto(again, strict)).toMatchObject({ pages: { changed: 1 } });
  expect(changes[0]!.settings).toMatchObject({
    optInMode: 'explicit',
    basis: 'gdpr.6.1.a',
    timeZone: 'Europe/Berlin',
    ratePerSecond: 40,
  });
  await bringInto(again, loose);
  expect(changes[1]!.settings.optInMode).toBeUndefined();
});

it('changes nothing by an archive that is cut off, changed, or opened with another passphrase', async () => {
  await world.draft(page, 'Opening');
  const archive = await archiveOf(page);
  const again = await connectedAgain();
  await expect(bringInto(again, archive, 'another passphrase')).rejects.toThrow(code('passphrase_wrong'));
  for (const length of [0, 100, 300, archive.length - 1])
    await expect(bringInto(again, archive.subarray(0, length))).rejects.toThrow(code('archive_unreadable'));
  const swapped = await rewritten(world, archive, (files) => files.set('settings.json', Buffer.from('{}')), false);
  await expect(bringInto(again, swapped)).rejects.toThrow(code('archive_unreadable'));
  const dropped = await rewritten(world, archive, (files) => files.delete('README.txt'), false);
  await expect(bringInto(again, dropped)).rejects.toThrow(code('archive_unreadable'));
  expect(await broadcastsOf(again)).toEqual([]);
  expect(readdirSync(`${world.folder}/uploads`)).toEqual([]);
});

it('takes from an archive somebody wrote by hand only what the API would take', async () => {
  await world.draft(page, 'Opening');
  const archive = await archiveOf(page);
  const again = await connectedAgain();
  const odd = await rewritten(world, archive, (files) => {
    const name = 'content/broadcasts/000001.jsonl';
    const line = JSON.parse(files.get(name)!.toString()) as Record<string, unknown>;
    const lines = [
      { ...line, id: '0f6f3c0e-7f51-4a10-9d6e-8f0f5a1f9a10', message: { text: 'x'.repeat(3_000) } },
      { ...line, id: '0f6f3c0e-7f51-4a10-9d6e-8f0f5a1f9a11', message: { evil: true } },
      { ...line, id: 'no id' },
      'no object',
    ];
    files.set(name, Buffer.from(`${lines.map((one) => JSON.stringify(one)).join('\n')}\nno json\n`));
    files.set('settings.json', Buffer.from('[]'));
    const rest = [...files];
    files.clear();
    files.set('content/tags/000001.jsonl', Buffer.from('{"name":""}\n{"name":7}\n{"name":"fine"}\n'));
    for (const [path, bytes] of rest) files.set(path, bytes);
  });
  expect(await bringInto(again, odd)).toMatchObject({
    pages: { changed: 0 },
    tags: { added: 1 },
    broadcasts: { added: 0, refused: 5 },
  });
  expect(await tagsOf(again)).toEqual(['fine']);
});

it('brings nobody back who was erased after it was made', async () => {
  const ann = await world.join(page);
  const archive = await archiveOf(page);
  await world.db.run('delete from lead where id = $1', [ann.id]);
  await bringInto(page, archive);
  expect(await world.leadOf(page, ann.psid)).toBeUndefined();
});
