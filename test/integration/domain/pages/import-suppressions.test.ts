import { makeImportSuppressions, suppressionMac, type PageDetail } from '../../../../src/domain/pages';
import { until } from '../../../support/until';
import { tablesHolding } from '../accounts/account-world';
import { openPageWorld, type PageWorld } from './page-world';

const PSIDS = ['7123456789012345', '7123456789012346', '24680246802468024'];

let world: PageWorld;
let page: PageDetail;
let asked: string[][];
let withdrawable: Set<string>;

beforeAll(async () => {
  world = await openPageWorld();
});

beforeEach(async () => {
  const meta = world.nextPage();
  const settings = { name: meta.name };
  const input = { accountId: world.ann.id, metaPageId: meta.id, accessToken: meta.token, settings };
  ({ page } = await world.connect(input));
  asked = [];
  withdrawable = new Set();
});

afterAll(() => world.close());

const importPsids = (psids: readonly string[], accountId = world.ann.id) =>
  makeImportSuppressions({
    ...world.deps,
    withdrawPeople: (_page, people) => {
      asked.push([...people]);
      return Promise.resolve(people.filter((psid) => withdrawable.delete(psid)).length);
    },
  })({ accountId, ref: page.metaPageId, psids });
const stored = async (pageId: string) =>
  (await world.db.rows<{ mac: Buffer }>('select person_mac as mac from suppression where page_id = $1', [pageId])).map(
    ({ mac }) => mac.toString('hex'),
  );

it('keeps only keyed hashes, counts what is new, and withdraws the leads among them', async () => {
  withdrawable.add(PSIDS[0]!);
  expect(await importPsids([PSIDS[0]!, PSIDS[1]!, PSIDS[1]!])).toEqual({ added: 2, already: 1, withdrawn: 1 });
  expect(await importPsids(PSIDS)).toEqual({ added: 1, already: 2, withdrawn: 0 });
  expect(asked).toEqual([PSIDS.slice(0, 2), PSIDS]);
  const macs = PSIDS.map((psid) => suppressionMac(world.keyRing, page.uuid, psid).toString('hex'));
  expect((await stored(page.id)).sort()).toEqual(macs.sort());
  expect(new Set(macs.map((mac) => mac.length))).toEqual(new Set([32]));
  expect(await tablesHolding(world.db, PSIDS)).toEqual([]);
  expect(world.logged.join()).not.toContain(PSIDS[0]);
});

it('knows the same person under another hash on another Page', async () => {
  const other = world.nextPage();
  const input = { accountId: world.ann.id, metaPageId: other.id, accessToken: other.token, settings: { name: 'x' } };
  const { page: second } = await world.connect(input);
  const [one, two] = [page, second].map(({ uuid }) => suppressionMac(world.keyRing, uuid, PSIDS[0]!));
  expect(one!.equals(two!)).toBe(false);
});

it('refuses what is no page-scoped id by its place, never by its value, and stores nothing', async () => {
  const refusal = importPsids([PSIDS[0]!, 'ann@example.com', '']);
  await expect(refusal).rejects.toMatchObject({
    code: 'validation_failed',
    errors: [{ pointer: '/psids/1' }, { pointer: '/psids/2' }],
  });
  const text = await refusal.catch((error: unknown) => JSON.stringify(error, Object.getOwnPropertyNames(error)));
  expect(text).not.toContain('ann@example.com');
  await expect(importPsids([])).rejects.toMatchObject({ errors: [{ pointer: '/psids' }] });
  const tooMany = Array.from({ length: 10_001 }, (_, index) => String(index));
  await expect(importPsids(tooMany)).rejects.toMatchObject({ errors: [{ pointer: '/psids' }] });
  expect(await stored(page.id)).toEqual([]);
  expect(asked).toEqual([]);
});

it('takes ten thousand at once', async () => {
  const psids = Array.from({ length: 10_000 }, (_, index) => String(7_000_000_000_000_000 + index));
  expect(await importPsids(psids)).toEqual({ added: 10_000, already: 0, withdrawn: 0 });
});

it('cannot be used on the Page of another account', async () => {
  await expect(importPsids(PSIDS, world.bob.id)).rejects.toMatchObject({ code: 'page_not_found' });
  expect(await stored(page.id)).toEqual([]);
});

it('waits for a lead that is being created in the same bucket, and then looks for it', async () => {
  const psid = PSIDS[0]!;
  const bucket = world.keyRing.bucketOf(page.uuid, psid);
  let importing: Promise<unknown> | undefined;
  await world.db.transaction(async (tx) => {
    await tx.run('select from key_bucket where page_id = $1 and bucket = $2 for share', [page.id, bucket]);
    importing = importPsids([psid]);
    await until('the import waits for the bucket', async () => {
      const waiting = await world.db.first(
        `select 1 as yes from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock' and query like '%key_bucket%for update%'`,
      );
      return waiting !== undefined;
    });
    expect(asked).toEqual([]);
  });
  expect(await importing).toEqual({ added: 1, already: 0, withdrawn: 0 });
  expect(asked).toEqual([[psid]]);
});
