import { makeRefreshProfiles } from '../../../../src/domain/pages';
import { openPageWorld, type PageWorld, type SandboxPage } from './page-world';

let world: PageWorld;
let meta: SandboxPage;

beforeAll(async () => {
  world = await openPageWorld();
});
beforeEach(async () => {
  await world.db.run(`update page set state = 'disconnected'`);
  meta = world.nextPage();
  await world.connect({
    accountId: world.ann.id,
    metaPageId: meta.id,
    accessToken: meta.token,
    settings: { name: meta.name },
  });
});
afterEach(() => world.clearFaults());
afterAll(() => world.close());

const refresh = () => makeRefreshProfiles(world.deps)();
/** As an earlier release left it. */
const asBefore = () => world.db.run(`update page set setup = setup - 'profile' where meta_page_id = $1`, [meta.id]);
const setupOf = async () => (await world.get(world.ann.id, meta.id)).setup;
const PROFILE = 'messenger_profile';

it('sets the menu of a Page that an earlier release set up, once, and no other', async () => {
  expect(await refresh()).toBe(0);
  const before = await setupOf();
  await asBefore();
  expect(await refresh()).toBe(1);
  expect(await setupOf()).toEqual(before);
  expect(await refresh()).toBe(0);
  expect(world.logged.filter((line) => line.includes('pages.menus_refreshed'))).toHaveLength(1);
});

it('tries again where Meta gives no verdict, and keeps a refusal', async () => {
  await asBefore();
  await world.fault(PROFILE, { status: 500, code: 2, message: 'later' }, { times: 1 });
  expect(await refresh()).toBe(0);
  expect((await setupOf())?.profile).toBeUndefined();
  await world.fault(PROFILE, { status: 400, code: 100, message: 'no' }, { times: 1 });
  expect(await refresh()).toBe(1);
  expect((await setupOf())?.faults).toMatchObject([{ step: 'profile', metaCode: 100 }]);
  expect((await setupOf())?.state).toBe('complete');
  expect(await refresh()).toBe(0);
});

it('leaves alone what was set up anew meanwhile', async () => {
  await asBefore();
  const former = await setupOf();
  const graph = {
    setProfile: async () => {
      await world.db.run(`update page set setup = setup || '{"state":"reduced"}' where meta_page_id = $1`, [meta.id]);
      return { ok: true as const, value: null };
    },
  };
  await makeRefreshProfiles({ ...world.deps, graph })();
  expect(await setupOf()).toEqual({ ...former, state: 'reduced' });
});
